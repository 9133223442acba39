"""Processes that are killed or meet each other lose nothing and double nothing."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from warehouse import Warehouse, open_warehouse, queries

_WRITER = Path(__file__).with_name("writer.py")
_REPOSITORY = Path(__file__).parents[2]
_ROWS, _SHARED = 20, 3


def _start(catalog: str, data: Path, name: str, batches: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, _WRITER, catalog, data, name, str(batches)],
        env=os.environ | {"PYTHONPATH": str(_REPOSITORY), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _stored(warehouse: Warehouse, table: str) -> pa.Table:
    key = "vote_id" if table == "votes" else "clip_id"
    return warehouse._connection.table(f"lake.main.{table}").order(key).to_arrow_table()


def _batches(rows: pa.Table) -> Counter[str]:
    ids = rows.column("clip_id").to_pylist()
    return Counter(clip_id.rpartition("-")[0] for clip_id in ids if clip_id[:6] != "shared")


def _finish(writer: subprocess.Popen[str]) -> None:
    _, errors = writer.communicate(timeout=120)
    assert writer.returncode == 0, errors


@pytest.mark.slow
def test_killed_writer_leaves_whole_batches(tmp_path: Path) -> None:
    """Killed again and again, then run to its end, a writer stores what an undisturbed one does."""
    catalog, data = f"{tmp_path}/catalog.sqlite", tmp_path / "data"
    chance = random.Random(7)
    interrupted = 0
    for _ in range(4):
        writer = _start(catalog, data, "a", 25)
        writer.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.6))
        writer.kill()
        writer.communicate()
        interrupted += writer.returncode == -9
        with open_warehouse(catalog, str(data)) as warehouse:
            votes = _batches(_stored(warehouse, "votes"))
            assert votes == _batches(_stored(warehouse, "features"))
            assert set(votes.values()) <= {_ROWS}
    _finish(_start(catalog, data, "a", 25))
    _finish(_start(f"{tmp_path}/calm.sqlite", tmp_path / "calm", "a", 25))
    assert interrupted > 0
    with (
        open_warehouse(catalog, str(data)) as disturbed,
        open_warehouse(f"{tmp_path}/calm.sqlite", f"{tmp_path}/calm") as calm,
    ):
        for table in ("votes", "features"):
            assert _stored(disturbed, table).equals(_stored(calm, table))


@pytest.mark.parametrize(
    "catalog_kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)]
)
def test_four_writers_share_a_lake(
    tmp_path: Path, catalog_kind: str, request: pytest.FixtureRequest
) -> None:
    """Four processes create one lake and commit to it; nothing is lost, doubled or refused."""
    catalog = (
        f"{tmp_path}/catalog.sqlite"
        if catalog_kind == "sqlite"
        else request.getfixturevalue("postgres_catalog")
    )
    data, batches = tmp_path / "data", 8
    writers = [_start(catalog, data, name, batches) for name in "abcd"]
    for writer in writers:
        _finish(writer)
    with open_warehouse(catalog, str(data)) as warehouse:
        counts = queries.count_rows(warehouse)
        assert counts["features"] == 4 * batches * _ROWS
        assert counts["votes"] == 4 * batches * _ROWS + batches * _SHARED
        assert "duplicate_key" not in {check.name for check in warehouse.check()}
