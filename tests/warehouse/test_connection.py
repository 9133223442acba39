"""The same lake works on PostgreSQL and on an object store; secrets stay secret."""

import math
import os
from pathlib import Path

import duckdb
import pytest

from warehouse import (
    S3Access,
    Warehouse,
    WarehouseError,
    open_warehouse,
    queries,
    write_shard,
)
from warehouse.connection import SPILL_PREFIX, find_wheel, open_duckdb
from warehouse.testing import make_rows


def test_postgres_holds_the_catalog(postgres_catalog: str, tmp_path: Path) -> None:
    """Rows, small and many, and shards survive on PostgreSQL, and the past can be read."""
    data = f"{tmp_path}/data"
    with open_warehouse(postgres_catalog, data) as warehouse:
        before = warehouse.snapshot
        shard = write_shard(data, "waveforms", make_rows("waveforms", clip_id=["c/1"]))
        few = make_rows("clips", clip_id=["c/1\x00'"], snr_db=[math.inf])
        many = make_rows("votes", vote_id=[f"{index:02d}" for index in range(50)])
        done = warehouse.commit({"clips": few, "votes": many}, shards=[shard], message="all")
        assert dict(done.inserted) == {"waveforms": 1, "clips": 1, "votes": 50}
        assert queries.select_clips(warehouse).equals(few)
        assert queries.select_effective_votes(warehouse).equals(many)
    with open_warehouse(postgres_catalog, data, snapshot=before) as past:
        assert queries.count_rows(past)["votes"] == 0


def test_s3_holds_the_data(s3: S3Access, tmp_path: Path) -> None:
    """Shards and rows are stored in the bucket and read from it, once."""
    catalog, data = f"{tmp_path}/catalog.sqlite", "s3://lake/some/prefix"
    rows = make_rows("features", clip_id=["c/1", "c/2"], values=[[1.0, 2.0], [3.0]])
    clips = make_rows("clips", clip_id=["c/1", "c/2"])
    shard = write_shard(data, "features", rows, s3=s3)
    assert write_shard(data, "features", rows, s3=s3) == shard
    many = make_rows("votes", vote_id=[str(index) for index in range(50)])
    with open_warehouse(catalog, data, s3=s3) as warehouse:
        warehouse.commit({"clips": clips, "votes": many}, shards=[shard], message="first")
        again = warehouse.commit(shards=[shard], message="again")
        assert dict(again.skipped) == {"features": 2}
        stored = queries.select_features(warehouse, "-").column("values").to_pylist()
        assert stored == [[1.0, 2.0], [3.0]]
        assert queries.count_rows(warehouse)["votes"] == 50
    assert not (tmp_path / "s3:").exists()


def test_s3_needs_access(tmp_path: Path) -> None:
    """Opening a lake on an object store without credentials says what to pass."""
    with pytest.raises(WarehouseError, match=r"pass `s3=S3Access\(\.\.\.\)`"):
        open_warehouse(f"{tmp_path}/catalog.sqlite", "s3://lake/prefix")


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_lake_that_was_moved_says_so(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Opened where it is now, both places and the remedy are named; put back, it opens."""
    old, new = tmp_path / "old", tmp_path / "new"
    address = None if kind == "sqlite" else request.getfixturevalue("postgres_catalog")
    with open_warehouse(address or f"{old}/catalog.sqlite", f"{old}/data") as lake:
        lake.commit({"votes": make_rows("votes", vote_id=["v"])}, message="a vote")
        snapshot = lake.snapshot
    old.mkdir(exist_ok=True)
    old.rename(new)
    said = rf"its data at `{old}/data/`, and was asked for at `{new}/data/`; .*serloop restore"
    for past in (None, snapshot):
        with pytest.raises(WarehouseError, match=said):
            open_warehouse(address or f"{new}/catalog.sqlite", f"{new}/data", snapshot=past)
    new.rename(old)
    with open_warehouse(address or f"{old}/catalog.sqlite", f"{old}/data") as lake:
        assert queries.count_rows(lake)["votes"] == 1


def test_password_is_never_shown(tmp_path: Path) -> None:
    """An unreachable server is named without its password, in the message and the cause."""
    catalog = "postgresql://ser:hunter2@127.0.0.1:1/lake"
    with pytest.raises(WarehouseError, match=r"ser:\*\*\*@127\.0\.0\.1") as caught:
        open_warehouse(catalog, str(tmp_path))
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_secret_is_never_shown() -> None:
    """The S3 secret is not part of what is printed."""
    assert "hidden" not in repr(S3Access("key", "hidden"))


def test_missing_extension_names_its_wheel() -> None:
    """An extension that nobody ships gives the command that would install it."""
    with pytest.raises(WarehouseError, match="run `pip install duckdb-extension-no-such-thing=="):
        open_duckdb(["no_such_thing"])


def test_unsigned_extensions_are_loaded_from_their_wheels_only(tmp_path: Path) -> None:
    """Once the wheels' files are loaded, no other file without DuckDB's signature is."""
    stray = tmp_path / "stray.duckdb_extension"
    stray.write_bytes(find_wheel("sqlite_scanner").read_bytes()[:-1] + b"?")
    with (
        open_duckdb(["ducklake"]) as connection,
        pytest.raises(duckdb.Error, match="signature"),
    ):
        connection.load_extension(str(stray))


def test_queries_spill_to_a_folder_of_their_own(empty: Warehouse) -> None:
    """Two processes never share a folder, and none is made where the command runs."""
    (folder,) = empty._connection.execute("SELECT current_setting('temp_directory')").fetchone()
    assert Path(folder).name.startswith(f"{SPILL_PREFIX}{os.getpid()}-")
