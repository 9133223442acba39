"""A lake can be opened now, again, and as it was."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from warehouse import (
    MigrationError,
    SnapshotError,
    Warehouse,
    WarehouseError,
    open_warehouse,
    queries,
)
from warehouse.testing import make_rows


def _open(root: Path, **past: object) -> Warehouse:
    return open_warehouse(f"{root}/catalog.sqlite", f"{root}/data", **past)


def _cast(warehouse: Warehouse, *vote_ids: str) -> int:
    rows = {"votes": make_rows("votes", vote_id=vote_ids)}
    return warehouse.commit(rows, message="cast").snapshot


def test_lake_outlives_its_warehouse(tmp_path: Path) -> None:
    """What was committed is there when the lake is opened again, by either spelling."""
    with _open(tmp_path) as warehouse:
        snapshot = _cast(warehouse, "a")
    with open_warehouse(f"sqlite:{tmp_path}/catalog.sqlite", f"{tmp_path}/data/") as again:
        assert again.snapshot == snapshot
        assert queries.count_rows(again)["votes"] == 1


def test_relative_paths_mean_the_same_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative and an absolute path name one lake."""
    monkeypatch.chdir(tmp_path)
    open_warehouse("catalog.sqlite", "data").close()
    with _open(tmp_path) as warehouse:
        assert warehouse.data_path == f"{tmp_path}/data/"


def test_past_is_read_by_number(empty: Warehouse, tmp_path: Path) -> None:
    """A snapshot shows exactly what was stored then."""
    first, second = _cast(empty, "a"), _cast(empty, "b", "c")
    for snapshot, votes in ((first, 1), (second, 3)):
        with _open(tmp_path, snapshot=snapshot) as past:
            assert past.snapshot == snapshot
            assert queries.select_effective_votes(past).num_rows == votes


def test_past_is_read_by_time(empty: Warehouse, tmp_path: Path) -> None:
    """A moment between two snapshots shows the earlier one."""
    first = _cast(empty, "a")
    (taken,) = empty._connection.execute(
        "SELECT max(snapshot_time)::VARCHAR FROM ducklake_snapshots('lake')"
    ).fetchall()[0]
    _cast(empty, "b")
    moment = datetime.fromisoformat(taken) + timedelta(microseconds=1)
    with _open(tmp_path, as_of=moment) as past:
        assert past.snapshot == first
        assert queries.count_rows(past)["votes"] == 1


def test_live_warehouse_sees_new_commits(empty: Warehouse, tmp_path: Path) -> None:
    """A second warehouse reads what the first commits; a past one does not."""
    with _open(tmp_path) as live, _open(tmp_path, snapshot=empty.snapshot) as past:
        _cast(empty, "a")
        assert queries.count_rows(live)["votes"] == 1
        assert queries.count_rows(past)["votes"] == 0


def test_past_cannot_be_changed(empty: Warehouse, tmp_path: Path) -> None:
    """Committing to the past is refused."""
    with (
        _open(tmp_path, snapshot=empty.snapshot) as past,
        pytest.raises(SnapshotError, match="read-only; open the warehouse without it"),
    ):
        _cast(past, "a")


@pytest.mark.parametrize(
    ("past", "message"),
    [
        ({"snapshot": 99}, r"`snapshot` 99 does not exist; the lake holds snapshots 0 to \d+"),
        (
            {"as_of": datetime(2000, 1, 1, tzinfo=UTC)},
            r"`as_of` 2000-01-01T00:00:00\+00:00 does not exist; the lake holds snapshots 0 to",
        ),
        ({"as_of": datetime(2000, 1, 1)}, "`as_of` must carry a time zone"),
        ({"snapshot": 1, "as_of": datetime.now(UTC)}, "exclude each other"),
        ({"snapshot": 0}, r"snapshot 0 is older than every table"),
    ],
    ids=["number", "time", "naive time", "both", "before the tables"],
)
def test_missing_past_is_explained(toy_root: Path, past: dict[str, object], message: str) -> None:
    """The message names the past that was wanted and the one there is."""
    with pytest.raises(SnapshotError, match=message):
        _open(toy_root, **past)


def test_past_of_no_lake_creates_nothing(tmp_path: Path) -> None:
    """Asking for the past of a lake that does not exist leaves no lake behind."""
    with pytest.raises(SnapshotError, match="there is no lake"):
        _open(tmp_path, snapshot=1)
    assert not list(tmp_path.rglob("*.*"))


def test_other_data_path_is_refused(toy_root: Path, tmp_path: Path) -> None:
    """A lake opened with a data path that is not its own is refused with both."""
    with pytest.raises(WarehouseError, match=r"keeps its data at .* and was asked for"):
        open_warehouse(f"{toy_root}/catalog.sqlite", f"{tmp_path}/data")


def test_newer_lake_is_refused(empty: Warehouse, tmp_path: Path) -> None:
    """A lake that has seen a migration we do not know is left alone."""
    empty._connection.execute("INSERT INTO migrations VALUES ('9999_from_the_future')")
    with pytest.raises(MigrationError, match=r"`9999_from_the_future`.*upgrade serloop"):
        _open(tmp_path)


def test_damaged_catalog_is_explained(tmp_path: Path) -> None:
    """A file that is no catalog is named."""
    (tmp_path / "catalog.sqlite").write_text("no database")
    with pytest.raises(WarehouseError, match=r"cannot attach the lake .*catalog\.sqlite"):
        _open(tmp_path)


def test_broken_query_is_named(toy: Warehouse) -> None:
    """A query that DuckDB refuses is named in the error."""
    with pytest.raises(WarehouseError, match="query `select_clips` failed"):
        toy.query("select_clips", colour="red")


def test_repr_hides_the_password(toy: Warehouse) -> None:
    """A warehouse shows where it lies."""
    assert "catalog.sqlite" in repr(toy)


def test_import_is_light() -> None:
    """Importing the package loads no training, data frame or flow library."""
    heavy = "{'torch', 'sklearn', 'pandas', 'prefect', 'boto3'}"
    script = f"import sys, warehouse.queries; print({heavy} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.strip() == "set()"
