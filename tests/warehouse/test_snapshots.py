"""Snapshots that nobody needs go; what any row was made from can still be read, and stays equal."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from warehouse import S3Access, SnapshotError, Warehouse, open_warehouse, queries, write_shard
from warehouse.maintenance import merge_files, sweep_files
from warehouse.schemas import TABLES
from warehouse.snapshots import NAMING_TABLES, Expiry, expire_snapshots
from warehouse.testing import make_rows

PLACES = ["sqlite, folder", "postgres, s3"]


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


def grow(lake: Warehouse, commits: int) -> list[int]:
    """Commit 20 clips with a shard, and three votes, several times; return the snapshots."""
    snapshots = []
    for commit in range(commits):
        ids = [f"c/{commit}-{row:02d}" for row in range(20)]
        features = make_rows("features", clip_id=ids)
        shard = write_shard(lake.data_path, "features", features, s3=lake.s3)
        votes = make_rows("votes", vote_id=[f"{commit}-{row}" for row in range(3)])
        rows = {"clips": make_rows("clips", clip_id=ids), "votes": votes}
        snapshots.append(lake.commit(rows, shards=[shard], message="batch").snapshot)
    return snapshots


def count_at(lake: Warehouse, snapshot: int) -> tuple[int, int, int]:
    """Count clips, features and votes of a past."""
    with open_warehouse(lake.catalog, lake.data_path, s3=lake.s3, snapshot=snapshot) as past:
        rows = queries.count_rows(past)
    return rows["clips"], rows["features"], rows["votes"]


def test_what_rows_name_is_kept_and_reads_as_before(lake: Warehouse) -> None:
    """Of six pasts the two that a model and a round name, and the newest, are left, with files."""
    pasts = grow(lake, 6)
    made = {
        "models": make_rows("models", model_id=["m"], snapshot=[pasts[1]]),
        "rounds": make_rows("rounds", round_id=["r"], snapshot=[pasts[3]]),
    }
    newest = lake.commit(made, message="made").snapshot
    expiry = expire_snapshots(lake, keep_s=0)
    assert (expiry.needed, expiry.young) == ((pasts[1], pasts[3]), (0, newest))
    assert expiry.expired == (1, pasts[0], pasts[2], *pasts[4:])
    merge_files(lake, grace_s=0)
    assert sweep_files(lake, grace_s=0).removed == ()
    assert count_at(lake, pasts[1]) == (40, 40, 6)
    assert count_at(lake, pasts[3]) == (80, 80, 12)
    assert queries.count_rows(lake)["features"] == 120
    with pytest.raises(SnapshotError, match=rf"`snapshot` {pasts[2]} does not exist"):
        count_at(lake, pasts[2])


def test_merged_files_stay_readable_when_pasts_are_gone(lake: Warehouse) -> None:
    """A file that was merged from kept and expired pasts still tells them apart."""
    pasts = grow(lake, 5)
    lake.commit({"trials": make_rows("trials", trial_id=["t"], snapshot=pasts[2:3])}, message="t")
    assert merge_files(lake, grace_s=0) == 10
    expire_snapshots(lake, keep_s=0)
    assert sweep_files(lake, grace_s=0).removed == ()
    assert count_at(lake, pasts[2]) == (60, 60, 9)


def test_new_votes_are_told_apart_when_pasts_are_gone(lake: Warehouse) -> None:
    """What came since a snapshot is the same before and after others were expired and merged."""
    pasts = grow(lake, 5)
    lake.commit({"models": make_rows("models", model_id=["m"], snapshot=pasts[1:2])}, message="m")

    def came() -> list[list[str]]:
        # From the first, from one that is kept, and from one that will be gone.
        changes = (queries.select_vote_changes(lake, after=at) for at in (0, *pasts[1:3]))
        return [found["vote_id"].to_pylist() for found in changes]

    before = came()
    assert [len(found) for found in before] == [15, 9, 6]
    merge_files(lake, grace_s=0)
    assert pasts[2] in expire_snapshots(lake, keep_s=0).expired
    assert came() == before


def test_what_is_young_is_kept(empty: Warehouse) -> None:
    """A training that is going on has not named its snapshot yet."""
    grow(empty, 2)
    assert expire_snapshots(empty, keep_s=3600).expired == ()
    assert expire_snapshots(empty, keep_s=0).expired == (1, 2)


def test_a_dry_run_expires_nothing(empty: Warehouse) -> None:
    """It says what would go, twice the same."""
    grow(empty, 2)
    planned = expire_snapshots(empty, keep_s=0, dry_run=True)
    assert planned == Expiry((1, 2), (), (0, 3))
    assert expire_snapshots(empty, keep_s=0, dry_run=True) == planned
    assert count_at(empty, 2) == (20, 20, 3)


@pytest.mark.parametrize("table", NAMING_TABLES)
def test_every_table_that_names_a_snapshot_keeps_it(empty: Warehouse, table: str) -> None:
    """Whatever was made from a snapshot, it can be made again."""
    key = TABLES[table].key[0]
    rows = make_rows(table, **{key: ["it"], "snapshot": [1]})
    empty.commit({table: rows}, message="made")
    assert expire_snapshots(empty, keep_s=0).needed == (1,)


def test_no_column_names_a_snapshot_by_another_name() -> None:
    """Expiry looks for columns of this name alone."""
    named = [(t.name, c.name) for t in TABLES.values() for c in t.columns if "snapshot" in c.name]
    assert {table for table, _ in named} == set(NAMING_TABLES)
    assert {column for _, column in named} == {"snapshot"}
    assert {
        "models",
        "evaluations",
        "consensus_runs",
        "rounds",
        "trials",
        "gates",
        "drifts",
        "calibrations",
        "baselines",
    } == set(NAMING_TABLES)


def test_a_moment_whose_snapshot_is_gone_is_refused(lake: Warehouse) -> None:
    """The snapshot before it would be another past; one that is kept, and now, can be read."""
    pasts = grow(lake, 4)
    lake.commit({"models": make_rows("models", model_id=["m"], snapshot=pasts[:1])}, message="m")
    found = lake._connection.execute(
        "SELECT snapshot_id, snapshot_time FROM ducklake_snapshots('lake')"
    )
    times = dict(found.fetchall())
    expire_snapshots(lake, keep_s=0)

    def open_at(moment: datetime) -> Warehouse:
        return open_warehouse(lake.catalog, lake.data_path, s3=lake.s3, as_of=moment)

    with pytest.raises(SnapshotError, match=rf"snapshots {pasts[0]} and {pasts[3] + 1}"):
        open_at(times[pasts[2]])
    with open_at(datetime.now(UTC)) as now:
        assert queries.count_rows(now)["clips"] == 80
