"""A sweep takes what no snapshot names, and never what somebody is about to commit."""

import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest

from warehouse import (
    ContentionError,
    S3Access,
    Shard,
    Warehouse,
    WarehouseError,
    maintenance,
    open_warehouse,
    queries,
    write_shard,
)
from warehouse.connection import SPILL_PREFIX, connect
from warehouse.maintenance import merge_files, sweep_files, sweep_spills
from warehouse.testing import make_rows
from warehouse.turns import own_turn

PLACES = ["sqlite, folder", pytest.param("postgres, s3", marks=pytest.mark.slow)]


@pytest.fixture(params=PLACES)
def lake(request: pytest.FixtureRequest, tmp_path: Path):
    """Open a new lake, once in each kind of place."""
    if request.param == "sqlite, folder":
        opened = open_warehouse(f"{tmp_path}/catalog.sqlite", f"{tmp_path}/data")
    else:
        catalog = request.getfixturevalue("postgres_catalog")
        s3: S3Access = request.getfixturevalue("s3")
        opened = open_warehouse(catalog, f"s3://lake/{tmp_path.name}", s3=s3)
    with opened as warehouse:
        yield warehouse


def put(warehouse: Warehouse, *clip_ids: str) -> Shard:
    """Write a shard that nobody commits."""
    rows = make_rows("features", clip_id=clip_ids)
    return write_shard(warehouse.data_path, "features", rows, s3=warehouse.s3)


def age(path: str | Path, seconds: float = 7200) -> None:
    """Make a file old."""
    then = time.time() - seconds
    os.utime(path, (then, then))


@pytest.mark.parametrize("lake", ["sqlite, folder", "postgres, s3"], indirect=True)
def test_what_no_snapshot_names_is_removed(lake: Warehouse) -> None:
    """Of two shards and the rows of a commit only the shard that was never committed goes."""
    kept, stray = put(lake, "c/1"), put(lake, "c/2")
    votes = make_rows("votes", vote_id=[str(index) for index in range(50)])
    lake.commit({"votes": votes}, shards=[kept], message="one")
    before = lake.snapshot
    would = sweep_files(lake, grace_s=0, dry_run=True)
    assert [file.path for file in would.removed] == [stray.path]
    assert sweep_files(lake, grace_s=0) == would
    assert sweep_files(lake, grace_s=0).removed == ()
    assert lake.snapshot == before
    assert queries.count_rows(lake)["votes"] == 50
    assert queries.count_rows(lake)["features"] == 1


def test_a_young_file_is_kept(lake: Warehouse) -> None:
    """A shard that was just written may belong to a run that is going on."""
    shard = put(lake, "c/1")
    sweep = sweep_files(lake, grace_s=3600)
    assert (sweep.removed, [file.path for file in sweep.young]) == ((), [shard.path])
    lake.commit(shards=[shard], message="late")
    assert queries.count_rows(lake)["features"] == 1


def test_what_is_half_written_is_removed(empty: Warehouse) -> None:
    """A file of a writer that was killed goes; files of other people stay, wherever they lie."""
    folder = Path(put(empty, "c/1").path).parent
    half = folder / f".{'0' * 64}.{'1' * 32}.partial"
    others = [folder / "notes.txt", folder / "mine.parquet", folder.parent / f"{'0' * 64}.parquet"]
    for path in (half, *others):
        path.write_bytes(b"?")
    removed = sweep_files(empty, grace_s=0).removed
    assert half in [Path(file.path) for file in removed]
    assert [path for path in others if not path.is_file()] == []


def test_writing_it_again_makes_a_file_new(empty: Warehouse) -> None:
    """An old stray that a new run finds in its place is not swept away under it."""
    shard = put(empty, "c/1")
    age(shard.path)
    assert put(empty, "c/1") == shard
    assert sweep_files(empty, grace_s=3600).removed == ()
    empty.commit(shards=[shard], message="again")
    assert queries.count_rows(empty)["features"] == 1


def test_age_is_looked_at_again_when_it_matters(
    empty: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that becomes new between the listing and the removal stays."""
    shard = put(empty, "c/1")
    age(shard.path)
    read = maintenance._read_registered

    def touch_then_read(warehouse: Warehouse) -> frozenset[str]:
        put(empty, "c/1")
        return read(warehouse)

    monkeypatch.setattr(maintenance, "_read_registered", touch_then_read)
    assert sweep_files(empty, grace_s=3600).removed == ()
    assert Path(shard.path).is_file()


def test_a_commit_in_between_is_seen(empty: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is committed between the listing and the removal stays, even without a grace."""
    shard = put(empty, "c/1")
    read, commits = maintenance._read_registered, [1]

    def read_then_commit(warehouse: Warehouse) -> frozenset[str]:
        names = read(warehouse)
        if commits:
            commits.pop()
            empty.commit(shards=[shard], message="in between")
        return names

    monkeypatch.setattr(maintenance, "_read_registered", read_then_commit)
    assert sweep_files(empty, grace_s=0).removed == ()
    assert queries.count_rows(empty)["features"] == 1


def test_nothing_is_removed_while_somebody_commits(
    lake: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep waits for its turn, so that what a commit has seen is there when it is done."""
    shard = put(lake, "c/1")
    monkeypatch.setattr(maintenance, "_PATIENCE_S", 0.1)
    with closing(connect(lake.catalog, lake.data_path, s3=lake.s3)) as other:
        with (
            own_turn(other, "a commit that takes its time", patience_s=1),
            pytest.raises(ContentionError, match="held the catalog"),
        ):
            sweep_files(lake, grace_s=0)
        assert len(sweep_files(lake, grace_s=0).removed) == 1
    with pytest.raises(WarehouseError, match="cannot commit `late`"):
        lake.commit(shards=[shard], message="late")


def test_a_killed_process_gives_its_turn_back(empty: Warehouse) -> None:
    """Whoever dies during a commit does not keep the others waiting."""
    code = f"""
from warehouse.connection import connect
from warehouse.turns import own_turn
with own_turn(connect({empty.catalog!r}, {empty.data_path!r}), "never", patience_s=9):
    print("ready", flush=True)
    input()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as it:
        it.stdout.readline()
        with (
            pytest.raises(ContentionError),
            own_turn(empty._connection, "too early", patience_s=0.1),
        ):
            pass
        it.kill()
    with own_turn(empty._connection, "now", patience_s=5):
        pass


def test_merged_files_change_no_snapshot(lake: Warehouse) -> None:
    """Rows and shards of many commits end in few files, and each past is as it was."""
    pasts = {}
    for commit in range(4):
        ids = [f"c/{commit}-{index:02d}" for index in range(20)]
        clips = make_rows("clips", clip_id=ids)
        pasts[commit] = lake.commit({"clips": clips}, shards=[put(lake, *ids)], message="batch")
    assert merge_files(lake, grace_s=0) == 8
    assert sweep_files(lake, grace_s=0).removed == ()
    for commit, done in pasts.items():
        with open_warehouse(
            lake.catalog, lake.data_path, s3=lake.s3, snapshot=done.snapshot
        ) as past:
            assert queries.count_rows(past)["clips"] == 20 * (commit + 1)
            assert queries.count_rows(past)["features"] == 20 * (commit + 1)
    again = lake.commit({"clips": clips}, shards=[put(lake, *ids)], message="again")
    assert dict(again.inserted) == {"clips": 0, "features": 0}


def test_what_was_merged_stays_for_a_while(empty: Warehouse) -> None:
    """A reader that has opened the small files can finish reading them."""
    for name in "ab":
        ids = [f"{name}{index}" for index in range(20)]
        empty.commit({"clips": make_rows("clips", clip_id=ids)}, message=name)
    before = set(Path(empty.data_path).rglob("*.parquet"))
    assert merge_files(empty, grace_s=3600) == 2
    assert sweep_files(empty, grace_s=0).removed == ()
    assert before < set(Path(empty.data_path).rglob("*.parquet"))
    time.sleep(0.01)
    assert merge_files(empty, grace_s=0) == 0
    assert not before & set(Path(empty.data_path).rglob("*.parquet"))


def test_spilled_rows_of_a_dead_process_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of a living process stay."""
    monkeypatch.setattr(maintenance, "gettempdir", lambda: str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", "pass"]) as dead:
        pass
    folders = [tmp_path / f"{SPILL_PREFIX}{process}-x" for process in (dead.pid, os.getpid())]
    for folder in folders:
        folder.mkdir()
        (folder / "duckdb_temp_storage_DEFAULT-0.tmp").write_bytes(b"?")
    assert sweep_spills(grace_s=3600) == []
    assert sweep_spills(grace_s=0, dry_run=True) == folders[:1]
    assert sweep_spills(grace_s=0) == folders[:1]
    assert [folder.exists() for folder in folders] == [False, True]


def test_a_lake_without_files_has_nothing_to_sweep(lake: Warehouse) -> None:
    """The folders of the tables need not exist."""
    assert sweep_files(lake, grace_s=0) == maintenance.Sweep((), ())
    assert isinstance(queries.select_clips(lake), pa.Table)
