"""Votes reach the ledger once, and what is no vote reaches the quarantine."""

import json
from pathlib import Path

import pytest

from annotation.testing import make_annotation, make_export
from pipelines.errors import PipelineError
from pipelines.import_votes import ImportResult, import_votes
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.places import make_settings
from warehouse import queries
from warehouse.testing import make_rows

LATER = {"updated_at": "2026-11-23T10:00:00.000000Z"}
GOOD = ["a,ann,joy", "b,ann,calm", "b,ben,joy"]
BAD = ["a,ann,rage", "x,ann,joy", "x,ann,joy"]


@pytest.fixture
def place(tmp_path: Path) -> Settings:
    """Return a warehouse that knows two clips and the classes they may be voted into."""
    settings = make_settings(tmp_path / "home")
    rows = {
        "corpora": make_rows(
            "corpora", corpus=["demo"], taxonomy=["demo-2"], classes=[["calm", "joy"]]
        ),
        "clips": make_rows("clips", clip_id=["demo/a", "demo/b"], corpus=["demo"] * 2),
    }
    with open_store(settings) as store:
        store.commit(rows, message="clips")
    return settings


def write(settings: Settings, lines: list[str], header: str = "clip_id,annotator,label") -> Path:
    """Write a table of votes."""
    path = settings.home / "votes.csv"
    path.write_text("\n".join([header, *lines]), encoding="utf-8")
    return path


def run(settings: Settings, path: Path, **told) -> ImportResult:
    """Import a file."""
    return import_votes(settings, SilentProgress(), source="table", path=path, **told)


def test_good_rows_are_votes_and_bad_ones_are_filed(place: Settings) -> None:
    """The result and the warehouse agree about both."""
    path = write(place, [line + ",-3,x" for line in [*GOOD, *BAD]], _WIDER)
    result = run(place, path, corpus="demo")
    assert (result.votes, result.clips, result.added) == (3, 2, 3)
    assert result.quarantined == {"unknown_label": 1, "unknown_clip_id": 2}
    (row,) = result.rows()
    assert (row["shape"], row["quarantined"], row["ignored"]) == ("long", 3, "hair")
    assert (row["reasons"], row["notes"]) == (
        "2 unknown_clip_id, 1 unknown_label",
        "3 bad_lead_time",
    )
    assert result.examples[0].startswith("row 4: unknown_label: `rage` is none of the classes")
    assert len(result.examples) == 2
    with open_store(place) as store:
        refused = queries.select_quarantine(store, source="votes.csv")
        assert queries.select_quarantine(store, source="other").num_rows == 0
        assert queries.count_rows(store)["votes"] == 3
    assert refused["row"].to_pylist() == [4, 5, 6]
    assert refused["clip_id"].to_pylist() == ["demo/a", "demo/x", "demo/x"]


_WIDER = "clip_id,annotator,label,lead_time_s,hair"


def test_importing_again_adds_nothing(place: Settings) -> None:
    """Neither votes nor refused rows, in whatever order, and no snapshot."""
    first = run(place, write(place, [*GOOD, *BAD]), corpus="demo")
    again = run(place, write(place, [*BAD, *GOOD]), corpus="demo")
    assert (again.added, again.snapshot) == (0, first.snapshot)
    assert (again.votes, again.quarantined) == (first.votes, first.quarantined)


def test_a_table_without_a_vote_is_filed_as_well(place: Settings) -> None:
    """Nothing is lost where nothing is right."""
    result = run(place, write(place, BAD), corpus="demo")
    assert (result.votes, result.clips, result.added) == (0, 0, 0)
    with open_store(place) as store:
        assert queries.count_rows(store)["quarantine"] == 3


def test_responses_to_crema_d_bring_their_classes(settings: Settings) -> None:
    """The votes can be aggregated before any audio is there."""
    settings.home.mkdir(parents=True)
    header = "localid,pos,ttr,queryType,questNum,clipName,sessionNums,respEmo"
    path = write(settings, ["S1,1,900,1,1,1001_IEO_ANG_HI,7,A"], header)
    assert run(settings, path).votes == 1
    with open_store(settings) as store:
        (corpus,) = queries.select_corpora(store).to_pylist()
        assert store.check() == []
    assert (corpus["corpus"], corpus["taxonomy"]) == ("crema-d", "crema-d-6")


def test_an_edited_annotation_supersedes(place: Settings) -> None:
    """A saved export does to the ledger what a collected one does; abstaining is no vote."""
    path = place.home / "export.json"

    def save(*annotations) -> ImportResult:
        export = make_export([{"data": {"clip_id": "demo/a"}}], [annotations])
        path.write_text(json.dumps(export), encoding="utf-8")
        return run(place, path, corpus="demo", project="p")

    assert (save(make_annotation(1, "joy")).added, save(make_annotation(1, "joy")).added) == (1, 0)
    edited = save(
        make_annotation(1, "calm") | LATER, make_annotation(2, "joy") | {"was_cancelled": True}
    )
    assert (edited.votes, edited.ledger_rows, edited.added) == (1, 2, 2)
    with open_store(place) as store:
        labels = queries.select_effective_votes(store)["label"].drop_null().to_pylist()
    assert labels == ["calm"]


@pytest.mark.parametrize(
    ("source", "message"),
    [("table", "need a folder or a file"), ("intended", "--corpus NAME")],
)
def test_a_source_without_its_place_is_refused(place: Settings, source: str, message: str) -> None:
    """The message says what is missing."""
    with pytest.raises(PipelineError, match=message):
        import_votes(place, SilentProgress(), source=source)
