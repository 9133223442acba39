"""Edited annotations replace their earlier votes."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from annotation.label_studio import (
    parse_export,
    supersede,
    withdraw,
    withdraw_deleted,
    withdraw_refused,
    withdraw_surplus,
)
from annotation.label_studio.parse import QUARANTINE_SCHEMA
from annotation.testing import fill_votes, make_annotation, make_export

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


def test_an_answer_changed_after_its_withdrawal_is_back() -> None:
    """Whatever is known of the export: what was deleted cannot be edited."""
    first = votes_of("joy", 21)
    withdrawn = gone(first, day=22)
    ledger = pa.concat_tables([first, withdrawn])
    (back,) = supersede(votes_of("calm", 23), ledger).to_pylist()
    assert (back["label"], back["supersedes"]) == ("calm", withdrawn["vote_id"][0].as_py())


def test_rows_keep_their_order_and_answers_of_other_sources_their_peace() -> None:
    """Rows of the ledger with the same reference but another source are about something else."""
    columns = {"clip_id": ["a"] * 50, "cast_at": [on(21)] * 50}
    votes = fill_votes(columns | {"source": ["label-studio"] * 50})
    assert supersede(votes, fill_votes(columns)).equals(votes)


def row(number: int, day: int, *, clip_id: str = "a", **columns: object) -> dict[str, object]:
    """Return an answer of project 1, given on a day."""
    fixed = {"source": "label-studio", "clip_id": clip_id, "source_ref": f"1/{number}"}
    return {**fixed, "cast_at": on(day), "vote_id": f"v{number}", **columns}


def ledger_of(*rows: dict[str, object]) -> pa.Table:
    """Return a ledger."""
    return fill_votes({name: [row.get(name) for row in rows] for name in rows[0] | rows[-1]})


def tasks_of(*tasks: tuple[str, int, int, int]) -> pa.Table:
    """Return tasks that were read: clip, number, day they were made, day they last changed."""
    names = ("clip_id", "task_id", "created_at", "updated_at")
    rows = [(clip, number, on(made), on(changed)) for clip, number, made, changed in tasks]
    return pa.table({name: [row[at] for row in rows] for at, name in enumerate(names)})


def met(*tasks: tuple[str, int, int]) -> pa.Table:
    """Return tasks that were ever met: clip, number, day they were first seen."""
    names = ("clip_id", "task_id", "seen_at")
    rows = [(clip, number, on(seen)) for clip, number, seen in tasks]
    return pa.table({name: [row[at] for row in rows] for at, name in enumerate(names)})


def test_an_answer_that_its_task_lacks_is_retracted() -> None:
    """As of the last change of the task, for whoever gave it; what the task has stays."""
    ledger = ledger_of(row(7, 21, annotator="kim"), row(8, 21))
    found = withdraw_deleted(
        ledger, ["1/8"], tasks_of(("a", 5, 20, 23)), met(("a", 5, 20)), project="1"
    )
    (gone,) = found.retractions.to_pylist()
    assert (gone["supersedes"], gone["cast_at"], gone["annotator"], gone["is_retraction"]) == (
        "v7",
        on(23),
        "kim",
        True,
    )
    assert found.untold.num_rows == 0


UNTOLD = {
    "no-task": (tasks_of(("b", 5, 20, 23)), met(("a", 4, 20))),
    "older-than-the-task": (tasks_of(("a", 5, 22, 23)), met(("a", 4, 20), ("a", 5, 22))),
    "a-copy-not-read": (tasks_of(("a", 5, 20, 23)), met(("a", 4, 21), ("a", 5, 20))),
}


@pytest.mark.parametrize(("tasks", "deliveries"), UNTOLD.values(), ids=UNTOLD)
def test_an_answer_that_may_be_on_another_task_stands(
    tasks: pa.Table, deliveries: pa.Table
) -> None:
    """What is known of no task tells nothing of the answer."""
    found = withdraw_deleted(ledger_of(row(7, 21)), [], tasks, deliveries, project="1")
    assert found.retractions.num_rows == 0
    assert found.untold["vote_id"].to_pylist() == ["v7"]


def test_a_task_that_was_gone_before_leaves_no_doubt() -> None:
    """The clip was asked again: the answer to the new task was deleted there."""
    found = withdraw_deleted(
        ledger_of(row(7, 23)),
        [],
        tasks_of(("a", 5, 22, 24)),
        met(("a", 4, 20), ("a", 5, 22)),
        project="1",
    )
    assert found.retractions["supersedes"].to_pylist() == ["v7"]


def test_answers_of_other_projects_and_sources_are_left_alone() -> None:
    """Even where the names of projects begin alike."""
    ledger = ledger_of(
        row(1, 21, source_ref="1/1/7"), row(2, 21, source_ref="11/7"), row(3, 21, source="demo")
    )
    found = withdraw_deleted(ledger, [], tasks_of(("a", 5, 20, 23)), met(("a", 5, 20)), project="1")
    assert (found.retractions.num_rows, found.untold.num_rows) == (0, 0)


def refused(*edits: tuple[str, datetime | None]) -> pa.Table:
    """Return annotations that are no votes: reference, and when they became so."""
    rows = [
        {"source_ref": ref, "reason": "unknown_choice", "detail": "rage", "cast_at": when}
        for ref, when in edits
    ]
    return pa.Table.from_pylist(rows, schema=QUARANTINE_SCHEMA)


def test_an_answer_edited_into_nonsense_is_retracted() -> None:
    """At the time of the edit, and once."""
    ledger = ledger_of(row(7, 21), row(8, 21))
    withdrawn = withdraw_refused(ledger, refused(("1/7", on(22))))
    assert withdrawn.select(["supersedes", "cast_at"]).to_pylist() == [
        {"supersedes": "v7", "cast_at": on(22)}
    ]
    again = withdraw_refused(pa.concat_tables([ledger, withdrawn]), refused(("1/7", on(22))))
    assert again.num_rows == 0


@pytest.mark.parametrize("when", [None, on(21), on(20)], ids=["unknown", "same", "before"])
def test_nonsense_that_is_no_later_withdraws_nothing(when: datetime | None) -> None:
    """It was believed as it is, or corrected since."""
    assert withdraw_refused(ledger_of(row(7, 21)), refused(("1/7", when))).num_rows == 0


def test_of_several_answers_that_stand_the_latest_is_kept() -> None:
    """The others are retracted, and nothing is when that is done."""
    first, second, third = row(7, 21), row(7, 22, vote_id="w"), row(7, 23, vote_id="x")
    ledger = ledger_of(first, second | {"supersedes": "v7"}, third | {"supersedes": "v7"})
    surplus = withdraw_surplus(ledger)
    assert surplus["supersedes"].to_pylist() == ["w"]
    told = pa.concat_tables([ledger, surplus])
    assert withdraw_surplus(told).num_rows == 0
    assert supersede(ledger_of(third), told).num_rows == 0


def test_an_answer_beside_its_own_retraction_falls() -> None:
    """One collection saw an edit, another the deletion after it."""
    first, edited = row(7, 21), row(7, 22, vote_id="w", supersedes="v7")
    deleted = row(7, 23, vote_id="x", supersedes="v7", is_retraction=True)
    rows = [{"is_retraction": False, **item} for item in (first, edited, deleted)]
    assert withdraw_surplus(ledger_of(*rows))["supersedes"].to_pylist() == ["w"]
