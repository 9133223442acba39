"""Shards are content-addressed, complete, and written once."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from warehouse import KeyConflictError, SchemaError, WarehouseError, write_shard
from warehouse.testing import make_rows

ROWS = make_rows("features", clip_id=["c/2", "c/1"], values=[[1.0], [float("nan")]])


def test_shard_holds_the_rows(tmp_path: Path) -> None:
    """What is written is read again, sorted by key."""
    shard = write_shard(str(tmp_path), "features", ROWS)
    stored = pq.read_table(shard.path)
    assert stored.column("clip_id").to_pylist() == ["c/1", "c/2"]
    assert np.isnan(stored.column("values")[0].as_py()).all()
    assert shard.rows == 2


def test_name_is_the_hash_of_the_bytes(tmp_path: Path) -> None:
    """The file is named after its content, below its table."""
    shard = write_shard(str(tmp_path), "features", ROWS)
    assert shard.path == f"{tmp_path}/main/features/{shard.sha256}.parquet"


@pytest.mark.parametrize(
    "same",
    [ROWS, ROWS.take([1, 0]), pa.concat_tables([ROWS.slice(0, 1), ROWS.slice(1)])],
    ids=["again", "reordered", "chunked"],
)
def test_equal_rows_are_written_once(tmp_path: Path, same: pa.Table) -> None:
    """Order and chunking do not matter; the file is not written again, and only looks new."""
    first = write_shard(str(tmp_path), "features", ROWS)
    os.utime(first.path, (0, 0))
    written = Path(first.path).stat()
    assert write_shard(str(tmp_path), "features", same) == first
    assert Path(first.path).stat().st_ino == written.st_ino
    assert Path(first.path).stat().st_mtime > written.st_mtime
    assert len(list(tmp_path.rglob("*.*"))) == 1


def test_rows_must_fit(tmp_path: Path) -> None:
    """A misfit is refused before anything is written."""
    with pytest.raises(SchemaError, match="`features` lack column `values`"):
        write_shard(str(tmp_path), "features", ROWS.drop_columns(["values"]))
    assert not list(tmp_path.iterdir())


def test_conflicting_keys_are_refused(tmp_path: Path) -> None:
    """One shard cannot hold two contents of one key."""
    rows = make_rows("features", clip_id=["c", "c"], frames=[1, 2])
    with pytest.raises(KeyConflictError, match="`clip_id` = 'c'"):
        write_shard(str(tmp_path), "features", rows)


def test_s3_needs_access() -> None:
    """Writing to an object store without credentials says what to pass."""
    with pytest.raises(WarehouseError, match=r"pass `s3=S3Access\(...\)`"):
        write_shard("s3://bucket/lake", "features", ROWS)
