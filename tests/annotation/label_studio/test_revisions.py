"""Edited annotations replace their earlier votes."""

from datetime import UTC, datetime

import pyarrow as pa

from annotation.label_studio import parse_export, supersede, withdraw
from annotation.testing import make_annotation, make_export

TASK = {"data": {"clip_id": "demo/a"}}


def votes_of(choice: str, day: int) -> pa.Table:
    """Return the vote of annotation 7 as it stood on a day."""
    annotation = make_annotation(7, choice) | {"updated_at": f"2026-11-{day}T10:00:00Z"}
    export = make_export([TASK], [[annotation]])
    return parse_export(export, project=1, classes=["joy", "calm"], taxonomy="t").votes


def test_a_new_annotation_supersedes_nothing() -> None:
    """Against an empty ledger every vote is appended as it is."""
    first = votes_of("joy", 21)
    assert supersede(first, first.slice(0, 0)).equals(first)


def test_an_edit_supersedes_the_latest_revision() -> None:
    """The third revision replaces the second, not the first."""
    first, second, third = (
        votes_of(name, day) for name, day in [("joy", 21), ("calm", 22), ("joy", 23)]
    )
    ledger = pa.concat_tables([second, first])
    assert supersede(third, ledger)["supersedes"].to_pylist() == second["vote_id"].to_pylist()


def test_known_and_outdated_revisions_are_dropped() -> None:
    """Reading an old export again appends nothing."""
    first, second = votes_of("joy", 21), votes_of("calm", 22)
    ledger = pa.concat_tables([first, second])
    assert supersede(second, ledger).num_rows == 0
    assert supersede(first, second).num_rows == 0


def on(day: int) -> datetime:
    """Return noon of a day, after the answers of that day."""
    return datetime(2026, 11, day, 12, tzinfo=UTC)


def gone(ledger: pa.Table, *, day: int, references: tuple[str, ...] = ()) -> pa.Table:
    """Return the retractions of a complete export of a day."""
    return withdraw(ledger, references, project=1, seen_at=on(day)).retractions


def test_the_revision_that_stands_is_withdrawn() -> None:
    """Of three revisions the last is retracted, under one id however often it is found gone."""
    first = votes_of("joy", 21)
    second = supersede(votes_of("calm", 22), first)
    ledger = pa.concat_tables([first, second])
    (row,) = gone(ledger, day=23).to_pylist()
    assert (row["supersedes"], row["is_retraction"], row["label"]) == (
        second["vote_id"][0].as_py(),
        True,
        None,
    )
    assert row["vote_id"] == gone(ledger, day=24)["vote_id"][0].as_py()
    assert gone(ledger, day=23, references=("1/7",)).num_rows == 0


def test_what_is_withdrawn_is_not_withdrawn_again() -> None:
    """A retraction leaves nothing to retract."""
    first = votes_of("joy", 21)
    ledger = pa.concat_tables([first, gone(first, day=22)])
    assert gone(ledger, day=23).num_rows == 0


def test_an_answer_newer_than_the_export_stands() -> None:
    """It is counted, so that nobody takes it for withdrawn."""
    found = withdraw(votes_of("joy", 23), (), project=1, seen_at=on(22))
    assert (found.retractions.num_rows, found.newer) == (0, 1)
    assert withdraw(votes_of("joy", 23), (), project=1, seen_at=None).newer == 1


def test_a_withdrawn_answer_comes_back_when_it_is_seen_later() -> None:
    """The row replaces the retraction under an id of its own; older exports bring nothing back."""
    first = votes_of("joy", 21)
    ledger = pa.concat_tables([first, gone(first, day=22)])
    assert supersede(first, ledger).num_rows == 0
    assert supersede(first, ledger, seen_at=on(22)).num_rows == 0
    same_time = supersede(first, ledger, seen_at=on(22), is_full=True)
    (back,) = supersede(first, ledger, seen_at=on(23)).to_pylist()
    assert same_time.to_pylist() == [back]
    assert back["supersedes"] == gone(first, day=22)["vote_id"][0].as_py()
    assert back["label"] == "joy"
    assert back["vote_id"] not in ledger["vote_id"].to_pylist()
    restored = pa.concat_tables([ledger, pa.Table.from_pylist([back], schema=ledger.schema)])
    assert supersede(first, restored, seen_at=on(24), is_full=True).num_rows == 0
    assert gone(restored, day=25)["supersedes"].to_pylist() == [back["vote_id"]]
