"""What is no vote can be looked at: where it stands, and why."""

from pathlib import Path

import pytest

from annotation.imports import REASONS
from pipelines.errors import PipelineError
from pipelines.import_votes import import_votes
from pipelines.progress import SilentProgress
from pipelines.quarantine import Quarantine, read_quarantine
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse.testing import make_rows

SILENT = SilentProgress()


@pytest.fixture
def place(settings: Settings) -> Settings:
    """Return a warehouse into which two files were imported that are not all votes."""
    rows = {
        "corpora": make_rows(
            "corpora", corpus=["demo"], taxonomy=["demo-2"], classes=[["calm", "joy"]]
        ),
        "clips": make_rows("clips", clip_id=["demo/a"], corpus=["demo"]),
    }
    with open_store(settings) as store:
        store.commit(rows, message="clips")
    files = {
        "first.csv": ["a,ann,joy", "a,ben,rage", "x,ann,joy", "a,cem,awe"],
        "second.csv": ["a,dan,calm", "y,dan,calm"],
    }
    for name, lines in files.items():
        path = settings.home / name
        path.write_text("\n".join(["clip_id,annotator,label", *lines]), encoding="utf-8")
        import_votes(settings, SILENT, source="table", path=path, corpus="demo")
    return settings


def places(found: Quarantine) -> list[tuple[object, ...]]:
    """Return where each row stands, and why it is there."""
    return [(row["source"], row["row"], row["reason"]) for row in found.rows()]


def test_rows_say_where_they_stand_and_why(place: Settings) -> None:
    """File, row and reason, in the order of the files."""
    found = read_quarantine(place)
    assert places(found) == [
        ("first.csv", 2, "unknown_label"),
        ("first.csv", 3, "unknown_clip_id"),
        ("first.csv", 4, "unknown_label"),
        ("second.csv", 2, "unknown_clip_id"),
    ]
    assert "`rage` is none of the classes" in str(found.rows()[0]["detail"])
    assert places(found.first(1)) == places(found)[:1]


def test_reasons_are_counted_by_source(place: Settings) -> None:
    """The commonest first, each with what it means."""
    reasons = read_quarantine(place).reasons()
    assert [(row["source"], row["reason"], row["rows"]) for row in reasons] == [
        ("first.csv", "unknown_label", 2),
        ("first.csv", "unknown_clip_id", 1),
        ("second.csv", "unknown_clip_id", 1),
    ]
    assert reasons[0]["meaning"] == REASONS["unknown_label"]


def test_source_and_reason_narrow_it(place: Settings) -> None:
    """Rows and counts follow; what is nowhere is empty."""
    assert places(read_quarantine(place, source="second.csv", reason="unknown_clip_id")) == [
        ("second.csv", 2, "unknown_clip_id")
    ]
    found = read_quarantine(place, reason="unknown_label")
    assert [row["row"] for row in found.rows()] == [2, 4]
    assert [row["rows"] for row in found.reasons()] == [2]
    assert read_quarantine(place, source="third.csv").document() == {"reasons": [], "rows": []}


def test_a_reason_there_is_not_is_refused(place: Settings) -> None:
    """A misspelt reason must not look like a clean warehouse."""
    with pytest.raises(PipelineError, match=r"`reason` must be one of .*unknown_label.*got 'rage'"):
        read_quarantine(place, reason="rage")


def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    """Where no warehouse is, none comes to be."""
    nowhere = Settings(home=tmp_path / "nowhere")
    assert read_quarantine(nowhere).rows() == []
    assert not nowhere.home.exists()
