"""Consensus as the warehouse knew it, and as people had spoken: two times, each of its own."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from annotation.testing import fill_votes
from pipelines.aggregate import aggregate
from pipelines.errors import NothingToDoError
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.places import borrow
from warehouse import SnapshotError, Warehouse, queries
from warehouse.testing import make_rows

SILENT = SilentProgress()
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
# What each snapshot adds: vote_id, annotator, label, supersedes, is_retraction, hours after noon.
LEDGER = (
    (("ann-1", "ann", "joy", None, False, 0), ("ben-1", "ben", "joy", None, False, 1)),
    (("ann-2", "ann", "calm", "ann-1", False, 2),),
    (("ann-3", "ann", None, "ann-2", True, 3),),
)
# P(calm), P(joy) and the votes behind them, after each.
EXPECTED = (([0.0, 1.0], 2), ([0.5, 0.5], 2), ([0.0, 1.0], 1))


def append(store: Warehouse, rows, *, clip_id: str = "demo/a") -> int:
    """Append rows to the ledger and return the snapshot that knows them."""
    ids, annotators, labels, supersedes, retractions, hours = zip(*rows, strict=True)
    columns = {
        "vote_id": ids,
        "clip_id": [clip_id] * len(rows),
        "annotator": annotators,
        "label": labels,
        "supersedes": supersedes,
        "is_retraction": retractions,
        "cast_at": [None if hour is None else NOON + timedelta(hours=hour) for hour in hours],
        "taxonomy": ["demo-2"] * len(rows),
    }
    return store.commit({"votes": fill_votes(columns)}, message=ids[0]).snapshot


@pytest.fixture(scope="module")
def lived_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, list[int]]:
    """Return a ledger in which a vote was corrected and retracted, and its three snapshots."""
    settings = Settings(home=tmp_path_factory.mktemp("lived"))
    corpus = make_rows("corpora", corpus=["demo"], taxonomy=["demo-2"], classes=[["calm", "joy"]])
    with open_store(settings) as store:
        store.commit({"corpora": corpus}, message="demo")
        snapshots = [append(store, rows) for rows in LEDGER]
    return settings, snapshots


@pytest.fixture
def lived(lived_once, tmp_path: Path) -> tuple[Settings, list[int]]:
    """Return it, free to change."""
    return borrow(lived_once[0], tmp_path / "home"), lived_once[1]


def concluded(settings: Settings, **time) -> tuple[str, list[float], int, int]:
    """Return run, posterior and votes of the one clip, and the snapshot the run names."""
    (run,) = aggregate(settings, SILENT, method="majority", **time).runs
    with open_store(settings) as store:
        (clip,) = queries.select_consensus(store, run.run_id).to_pylist()
        runs = {row["run_id"]: row for row in queries.select_consensus_runs(store).to_pylist()}
    return run.run_id, clip["posterior"], clip["votes"], runs[run.run_id]["snapshot"]


@pytest.mark.parametrize("step", range(3), ids=["cast", "corrected", "retracted"])
def test_each_snapshot_has_the_consensus_of_its_votes(lived, step: int) -> None:
    """A vote that is corrected and then retracted leaves three different pasts."""
    settings, snapshots = lived
    _, posterior, votes, snapshot = concluded(settings, snapshot=snapshots[step])
    assert ((posterior, votes), snapshot) == (EXPECTED[step], snapshots[step])


def test_the_past_stays_the_same_run_whatever_is_voted_later(lived) -> None:
    """Aggregating it again names the same run and writes nothing."""
    settings, snapshots = lived
    before = concluded(settings, snapshot=snapshots[1])
    with open_store(settings) as store:
        append(store, [("cy-1", "cy", "joy", None, False, 9)])
    after_vote = concluded(settings)
    with open_store(settings) as store:
        newest = store.snapshot
    assert concluded(settings, snapshot=snapshots[1]) == before
    with open_store(settings) as store:
        assert store.snapshot == newest
    assert after_vote[0] != before[0]
    assert after_vote[2] == 2


def test_a_time_means_the_last_snapshot_up_to_it(lived) -> None:
    """It is the same run as that of the snapshot's number."""
    settings, snapshots = lived
    with open_store(settings) as store:
        times = dict(
            store._connection.execute(
                "SELECT snapshot_id, snapshot_time FROM ducklake_snapshots('lake')"
            ).fetchall()
        )
    moment = times[snapshots[0]] + (times[snapshots[1]] - times[snapshots[0]]) / 2
    by_time = concluded(settings, as_of=moment)
    assert by_time == concluded(settings, snapshot=snapshots[0])
    assert by_time[3] == snapshots[0]


def test_a_time_before_the_warehouse_is_refused_with_the_earliest(lived) -> None:
    """The message says from when on there is a past."""
    with pytest.raises(SnapshotError, match=r"2001-01-01.*holds snapshots 0 to \d+ \(20\d\d-"):
        aggregate(lived[0], SILENT, as_of=datetime(2001, 1, 1, tzinfo=UTC))


def test_a_snapshot_before_the_first_vote_says_so(lived) -> None:
    """There was nothing to aggregate then, and importing votes now would not change it."""
    settings, snapshots = lived
    with pytest.raises(NothingToDoError, match=r"for snapshot `\d+`; choose a later"):
        aggregate(settings, SILENT, snapshot=snapshots[0] - 1)


def test_a_past_of_nothing_makes_no_warehouse(tmp_path: Path) -> None:
    """Asking a place that has no warehouse leaves none behind."""
    settings = Settings(home=tmp_path / "nowhere")
    with pytest.raises(SnapshotError, match="has no past"):
        aggregate(settings, SILENT, snapshot=1)
    assert not settings.home.exists()


BEFORE = {
    "cast": (timedelta(hours=2), EXPECTED[0]),
    "corrected": (timedelta(hours=3), EXPECTED[1]),
    "retracted": (timedelta(hours=4), EXPECTED[2]),
}


@pytest.mark.parametrize(("after", "expected"), BEFORE.values(), ids=BEFORE)
def test_what_people_said_before_a_time(lived, after: timedelta, expected) -> None:
    """What was cast later has corrected nothing yet, though the warehouse knows of it."""
    _, posterior, votes, _ = concluded(lived[0], cast_before=NOON + after)
    assert (posterior, votes) == expected


def test_zones_of_one_moment_name_one_run(lived) -> None:
    """The run is named after the moment, not after how it was written."""
    moment = NOON + timedelta(hours=2)
    tokyo = moment.astimezone(ZoneInfo("Asia/Tokyo"))
    assert concluded(lived[0], cast_before=moment) == concluded(lived[0], cast_before=tokyo)


def test_both_times_can_be_asked_at_once(lived) -> None:
    """A vote known by the second snapshot and cast after the moment does not count."""
    settings, snapshots = lived
    time = {"snapshot": snapshots[1], "cast_before": NOON + timedelta(hours=1)}
    _, posterior, votes, snapshot = concluded(settings, **time)
    assert (posterior, votes, snapshot) == ([0.0, 1.0], 1, snapshots[1])


def test_votes_without_a_time_are_refused_with_their_number(lived) -> None:
    """Nobody knows which came before; the remedy is named, and other corpora still can be asked."""
    settings, _ = lived
    with open_store(settings) as store:
        append(store, [("x", "cy", "joy", None, False, None)], clip_id="other/a")
    with pytest.raises(NothingToDoError, match=r"1 rows .* \(1 of `testing`\).*`cast_at`.*--as-of"):
        aggregate(settings, SILENT, cast_before=NOON)
    moment = NOON + timedelta(hours=2)
    assert aggregate(settings, SILENT, corpus="demo", cast_before=moment).runs[0].votes == 2
