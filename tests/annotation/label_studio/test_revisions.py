"""Edited annotations replace their earlier votes."""

import pyarrow as pa

from annotation.label_studio import parse_export, supersede
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
