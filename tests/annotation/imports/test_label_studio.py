"""A saved export of Label Studio says what the server would have said."""

import json
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from annotation.errors import VoteError
from annotation.imports import VoteSource, read_label_studio
from annotation.label_studio import parse_export
from annotation.testing import make_annotation, make_export

SOURCE = VoteSource("export.json", "demo-2", ("calm", "joy"))


def make(*annotations) -> list[dict[str, object]]:
    """Build an export of one clip."""
    return make_export([{"data": {"clip_id": "demo/a"}}], [annotations])


def test_a_file_and_the_server_give_the_same_votes() -> None:
    """Ids do not depend on the way an annotation came."""
    export = make(make_annotation(1, "joy"), make_annotation(2, "calm", user=2))
    parsed = parse_export(export, project=3, classes=SOURCE.classes, taxonomy="demo-2")
    found = read_label_studio(json.dumps(export).encode("utf-8-sig"), SOURCE, project=3)
    assert found.votes.equals(parsed.votes)
    assert found.quarantined.num_rows == 0


def test_abstentions_are_rows_without_a_label() -> None:
    """A skip is kept, because it can withdraw an earlier answer."""
    found = read_label_studio(
        json.dumps(make(make_annotation(1, None))).encode(), SOURCE, project=3
    )
    assert found.votes["label"].to_pylist() == [None]


def test_what_is_no_task_or_no_answer_is_quarantined() -> None:
    """Strangers in the list and answers that were not on offer are told apart."""
    export = ["oops", *make(make_annotation(1, "rage"))]
    found = read_label_studio(json.dumps(export).encode(), SOURCE, project=3)
    assert found.votes.num_rows == 0
    assert found.quarantined.select(["row", "source_ref", "reason"]).to_pylist() == [
        {"row": 1, "source_ref": None, "reason": "broken_row"},
        {"row": None, "source_ref": "3/1", "reason": "unknown_choice"},
    ]


def test_everything_in_the_export_is_known_by_reference() -> None:
    """What could not be believed is there all the same, and the latest change dates it."""
    export = make(make_annotation(1, "rage"), make_annotation(2, "joy", user=2))
    export[0]["updated_at"] = "2026-11-25T10:00:00Z"
    found = read_label_studio(json.dumps(export).encode(), SOURCE, project=3)
    assert found.references == {"3/1", "3/2"}
    assert found.seen_at == datetime(2026, 11, 25, 10, tzinfo=UTC)
    empty = read_label_studio(b"[]", SOURCE, project=3)
    assert (empty.references, empty.seen_at) == (frozenset(), None)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{", "is no JSON"),
        (b"\xff", "is no JSON"),
        (b"{}", "must be a JSON list of tasks"),
        (b"[1, 2]", "must hold a list of tasks"),
    ],
)
def test_a_file_that_is_no_export_is_refused(data: bytes, message: str) -> None:
    """What holds no tasks is named."""
    with pytest.raises(VoteError, match=message):
        read_label_studio(data, SOURCE, project=3)


def test_clips_may_have_to_be_known() -> None:
    """A task about another warehouse's clip is no vote of this one."""
    known = VoteSource("f", "demo-2", ("calm", "joy"), known_clips=pa.array(["demo/b"]))
    found = read_label_studio(
        json.dumps(make(make_annotation(1, "joy"))).encode(), known, project=3
    )
    assert found.reason_counts() == (("unknown_clip_id", 1),)
