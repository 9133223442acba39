"""What an export says, and what it may not say."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from annotation.label_studio import CANNOT_TELL, NOT_SPEECH, ParsedExport, parse_export
from annotation.testing import make_annotation, make_export
from annotation.votes import VOTE_SCHEMA

TASK = {"data": {"clip_id": "demo/a", "audio": "/a.wav"}}


def parse(*annotations: Mapping[str, object], task: Mapping[str, object] = TASK) -> ParsedExport:
    """Parse the export of one task with these annotations."""
    return parse_export(
        make_export([task], [annotations]),
        project=3,
        classes=["joy", "calm"],
        taxonomy="demo-2",
        known_clips=["demo/a"],
    )


def sizes(parsed: ParsedExport) -> tuple[int, int, int]:
    """Return the rows of votes, abstentions and quarantined."""
    return parsed.votes.num_rows, parsed.abstentions.num_rows, parsed.quarantined.num_rows


def test_an_annotation_becomes_a_vote() -> None:
    """Every field of the ledger comes from the export."""
    (vote,) = parse(make_annotation(7, "joy", user=2)).votes.to_pylist()
    vote_id = vote.pop("vote_id")
    assert len(vote_id) == 32
    assert vote == {
        "clip_id": "demo/a",
        "modality": "audio",
        "annotator": "label-studio:2",
        "taxonomy": "demo-2",
        "label": "joy",
        "arousal": None,
        "valence": None,
        "dominance": None,
        "count": 1,
        "lead_time_s": 4.5,
        "cast_at": datetime(2026, 11, 22, 10, 0, 0, 2, tzinfo=UTC),
        "source": "label-studio",
        "source_ref": "3/7",
        "supersedes": None,
        "is_retraction": False,
    }


def test_a_plain_vote_has_no_remark() -> None:
    """Remarks are of those who made one."""
    assert parse(make_annotation(7, "joy")).remarks.num_rows == 0


def test_reading_twice_gives_equal_rows_and_an_edit_a_new_id() -> None:
    """The vote id depends on the annotation and its revision only."""
    first = make_annotation(7, "joy")
    edited = first | {"updated_at": "2026-11-23T10:00:00Z"}
    assert parse(first).votes.equals(parse(dict(first)).votes)
    assert parse(first).votes["vote_id"] != parse(edited).votes["vote_id"]


def test_the_order_of_the_export_is_irrelevant() -> None:
    """Pages in another order give equal tables."""
    one, two = make_annotation(1, "joy"), make_annotation(2, "calm", user=2)
    assert parse(one, two).votes.equals(parse(two, one).votes)


def test_of_two_revisions_the_later_counts() -> None:
    """Overlapping pages give one row per annotation."""
    old = make_annotation(7, "joy")
    new = make_annotation(7, CANNOT_TELL) | {"updated_at": "2026-11-23T10:00:00Z"}
    assert sizes(parse(old, new, old)) == (0, 1, 0)


@pytest.mark.parametrize(
    ("choice", "reason"),
    [(None, "skipped"), (CANNOT_TELL, "cannot_tell"), (NOT_SPEECH, "not_speech")],
)
def test_abstentions_keep_their_reason(choice: str | None, reason: str) -> None:
    """Who will not decide casts no vote, and is not lost."""
    parsed = parse(make_annotation(7, choice))
    assert sizes(parsed) == (0, 1, 0)
    assert parsed.abstentions["reason"].to_pylist() == [reason]
    assert parsed.remarks["abstention"].to_pylist() == [reason]
    assert parsed.abstentions.drop_columns(["reason"]).schema.equals(VOTE_SCHEMA)


@pytest.mark.parametrize("seconds", [-3.0, 0, 86_400.0, None, "4", True, float("nan")], ids=repr)
def test_absurd_lead_times_are_null(seconds: object) -> None:
    """A lead time nobody can have had is unknown; the vote stands."""
    votes = parse(make_annotation(7, "joy") | {"lead_time": seconds}).votes
    assert votes["lead_time_s"].to_pylist() == [None]


def region(value: object) -> dict[str, object]:
    """Return one answer to the question."""
    return {"from_name": "emotion", "to_name": "audio", "type": "choices", "value": value}


QUARANTINED = {
    "unknown": (
        {"result": [region({"choices": ["rage"]})]},
        "unknown_choice",
        "`rage` is none of what `emotion` offered",
    ),
    "empty": ({"result": []}, "missing_choice", "no choice for `emotion`"),
    "none-chosen": ({"result": [region({"choices": []})]}, "missing_choice", "no choice"),
    "other-control": (
        {"result": [region({"choices": ["joy"]}) | {"from_name": "quality"}]},
        "missing_choice",
        "no choice",
    ),
    "two-in-one": (
        {"result": [region({"choices": ["joy", "calm"]})]},
        "two_choices",
        "got ['joy', 'calm']",
    ),
    "two-regions": ({"result": [region({"choices": ["joy"]})] * 2}, "two_choices", "one choice"),
    "text": (
        {"result": [region({"choices": "joy"})]},
        "malformed",
        "`value.choices` of `emotion` must be",
    ),
    "no-value": ({"result": [region(None)]}, "malformed", "`value` is None"),
    "no-list": ({"result": None}, "malformed", "`result` must be a list"),
    "deleted-user": ({"completed_by": None}, "missing_annotator", "was the user deleted?"),
    "no-time": ({"updated_at": None}, "malformed", "must be an ISO 8601 time, but is None"),
    "no-zone": ({"updated_at": "2026-11-22T10:00:00"}, "malformed", "must have a zone"),
    "no-id": ({"id": None}, "malformed", "`id` must be a number"),
}


@pytest.mark.parametrize(("change", "reason", "detail"), QUARANTINED.values(), ids=QUARANTINED)
def test_what_cannot_be_believed_is_set_aside(
    change: dict[str, object], reason: str, detail: str
) -> None:
    """A bad annotation is filed with a code and what was found; its neighbour counts."""
    good = make_annotation(8, "calm", user=2)
    parsed = parse(make_annotation(7, "joy") | change, good)
    assert sizes(parsed) == (1, 0, 1)
    assert parsed.quarantined["reason"].to_pylist() == [reason]
    assert detail in parsed.quarantined["detail"].to_pylist()[0]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({}, "missing_clip_id"),
        ({"clip_id": "demo/z"}, "unknown_clip_id"),
        (None, "missing_clip_id"),
    ],
    ids=["missing", "unknown", "no-data"],
)
def test_a_wrong_clip_is_set_aside(data: object, reason: str) -> None:
    """A vote on a clip nobody knows is no vote."""
    parsed = parse(make_annotation(7, "joy"), task={"data": data})
    assert parsed.quarantined["reason"].to_pylist() == [reason]


def test_an_annotator_may_come_as_an_object() -> None:
    """Task lists give the user as an object where exports give a number."""
    user = {"id": 9, "email": "a@example.com"}
    votes = parse(make_annotation(7, "joy") | {"completed_by": user}).votes
    assert votes["annotator"].to_pylist() == ["label-studio:9"]


def test_drafts_and_bare_tasks_are_ignored() -> None:
    """Work in progress is no annotation, and a task without annotations has none."""
    draft = {"data": TASK["data"], "drafts": [make_annotation(7, "joy")]}
    parsed = parse_export([draft], project=3, classes=["joy"], taxonomy="t")
    assert sizes(parsed) == (0, 0, 0)


def test_an_annotation_that_is_no_object_is_set_aside() -> None:
    """Rubbish in the list is filed, not raised."""
    export = [{"data": TASK["data"], "annotations": ["rubbish"]}]
    parsed = parse_export(export, project=3, classes=["joy"], taxonomy="t")
    assert sizes(parsed) == (0, 0, 1)


def test_annotators_are_named() -> None:
    """Users have the names they are given; a user without one is nobody."""
    answers = [[make_annotation(7, "joy", user=2), make_annotation(8, "joy", user=5)]]
    parsed = parse_export(
        make_export([TASK], answers),
        project=3,
        classes=["joy"],
        taxonomy="t",
        annotators={2: "annotator-00c0ffee00"},
    )
    assert parsed.votes["annotator"].to_pylist() == ["annotator-00c0ffee00"]
    (refused,) = parsed.quarantined.to_pylist()
    assert (refused["reason"], refused["annotator"]) == ("missing_annotator", None)


def test_the_author_of_an_answer_without_a_name_may_be_known() -> None:
    """A deleted user's answers are told by their references; the vote is the one it was."""
    answers = [[make_annotation(7, "joy"), make_annotation(8, "joy")]]
    named = parse_export(make_export([TASK], answers), project=3, classes=["joy"], taxonomy="t")
    for annotation in answers[0]:
        annotation["completed_by"] = None
    parsed = parse_export(
        make_export([TASK], answers),
        project=3,
        classes=["joy"],
        taxonomy="t",
        authors={"3/7": "label-studio:1"},
    )
    assert sizes(parsed) == (1, 0, 1)
    assert parsed.votes.to_pylist()[0] in named.votes.to_pylist()


def test_a_refused_answer_says_when_it_was_given() -> None:
    """As far as it says; it tells which earlier answer it replaced."""
    parsed = parse(make_annotation(7, "rage"), make_annotation(8, "joy") | {"updated_at": "soon"})
    assert parsed.quarantined["cast_at"].to_pylist() == [
        datetime(2026, 11, 22, 10, 0, 0, 2, tzinfo=UTC),
        None,
    ]
