"""The ledger's rows on a clip are put in the order in which they took effect."""

from datetime import UTC, datetime

import pytest

from annotation.clips.history import order_events, read_rows, states_of, voter_of
from annotation.testing import fill_votes


def rows_of(*chain: tuple[str, int | None, str | None]) -> list:
    """Read rows on one clip: id, hour, and what each supersedes."""
    ids, hours, replaced = zip(*chain, strict=True)
    times = [None if hour is None else datetime(2026, 1, 1, hour, tzinfo=UTC) for hour in hours]
    columns = {"clip_id": ["x"] * len(ids), "vote_id": ids, "cast_at": times}
    table = fill_votes(columns | {"supersedes": replaced, "label": ["joy"] * len(ids)})
    return read_rows("x", table, ("joy",))


@pytest.mark.parametrize(
    ("chain", "order"),
    [
        ([("a", 2, None), ("b", 1, None)], ["b", "a"]),
        ([("a", None, None), ("b", 1, None)], ["a", "b"]),
        ([("a", None, "c"), ("b", 1, None), ("c", 3, None)], ["b", "c", "a"]),
        ([("a", 1, "b"), ("b", 2, None)], ["b", "a"]),
        ([("a", None, "b"), ("b", None, "c"), ("c", None, None)], ["c", "b", "a"]),
    ],
    ids=["time", "no-time-first", "after-its-target", "wrong-clock", "chain"],
)
def test_no_row_precedes_what_it_replaces(chain, order) -> None:
    """Time decides, but a correction without a time, or with a wrong one, follows its vote."""
    assert [event.row["vote_id"] for event in order_events(rows_of(*chain))] == order


def test_a_circle_of_corrections_ends() -> None:
    """Rows that replace each other are all superseded, and nothing hangs."""
    rows = rows_of(("a", 1, "b"), ("b", 2, "a"))
    assert len(order_events(rows)) == 2
    assert [line.state for line in states_of(rows)] == ["superseded", "superseded"]


def test_a_row_that_comes_twice_is_one() -> None:
    """A ledger read in overlapping pages repeats rows."""
    assert len(rows_of(("a", 1, None), ("a", 1, None))) == 1


def test_strangers_are_a_pool() -> None:
    """Anonymous votes bear the name the vote matrix gives them."""
    assert voter_of(None, "demo", "audio") == "anonymous:demo:audio"
    assert voter_of("kim", "demo", "audio") == "kim"
