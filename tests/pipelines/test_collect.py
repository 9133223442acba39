"""Answers from Label Studio become votes once, and a changed mind supersedes."""

import json
from pathlib import Path

import pytest

from annotation.testing import make_annotation, make_export
from pipelines.collect import CollectResult, collect
from pipelines.errors import PipelineError
from pipelines.import_votes import import_votes
from pipelines.people_sections import LabellingSettings
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.places import borrow
from warehouse import queries
from warehouse.testing import make_rows

LATER = {"updated_at": "2026-11-23T10:00:00.000000Z"}


@pytest.fixture(scope="module")
def asked_once(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a warehouse that knows two clips and the classes they may be voted into."""
    settings = Settings(home=tmp_path_factory.mktemp("asked"))
    rows = {
        "corpora": make_rows(
            "corpora", corpus=["demo"], taxonomy=["demo-2"], classes=[["calm", "joy"]]
        ),
        "clips": make_rows("clips", clip_id=["demo/a", "demo/b"], corpus=["demo", "demo"]),
    }
    with open_store(settings) as store:
        store.commit(rows, message="clips")
    return settings


@pytest.fixture
def asked(asked_once: Settings, tmp_path: Path) -> Settings:
    """Return the warehouse, free to change."""
    return borrow(asked_once, tmp_path / "home")


def read(
    settings: Settings, *annotations, project: str = "demo", full: bool = False
) -> CollectResult:
    """Export annotations of clip a, and collect them."""
    export = make_export([{"data": {"clip_id": "demo/a"}}], [annotations])
    path = settings.home / "export.json"
    path.write_text(json.dumps(export), encoding="utf-8")
    return collect(
        settings, SilentProgress(), source=path, corpus="demo", project=project, full=full
    )


def labels(settings: Settings) -> list[str | None]:
    """Return the labels of the votes in force."""
    with open_store(settings) as store:
        return sorted(queries.select_effective_votes(store)["label"].to_pylist(), key=str)


def test_answers_become_votes_once(asked: Settings) -> None:
    """Reading an export again adds nothing and makes no snapshot."""
    answers = [make_annotation(1, "joy", user=1), make_annotation(2, "calm", user=2)]
    first, again = read(asked, *answers), read(asked, *answers)
    assert (first.votes, first.added) == (2, 2)
    assert (again.votes, again.added, again.snapshot) == (2, 0, first.snapshot)
    assert labels(asked) == ["calm", "joy"]


def test_an_edited_answer_supersedes(asked: Settings) -> None:
    """The new label counts, and the old one stays in the ledger."""
    read(asked, make_annotation(1, "joy"))
    assert read(asked, make_annotation(1, "calm") | LATER).added == 1
    assert labels(asked) == ["calm"]
    with open_store(asked) as store:
        assert queries.count_rows(store)["votes"] == 2


def test_an_old_export_does_not_bring_an_edited_answer_back(asked: Settings) -> None:
    """Exports may be read in any order."""
    read(asked, make_annotation(1, "calm") | LATER)
    assert read(asked, make_annotation(1, "joy")).added == 0
    assert labels(asked) == ["calm"]


def test_a_mind_changed_to_an_abstention_withdraws_the_label(asked: Settings) -> None:
    """Who no longer wants to decide has no label any more."""
    read(asked, make_annotation(1, "joy"))
    result = read(asked, make_annotation(1, None) | LATER)
    assert (result.votes, result.abstentions, result.added) == (0, 1, 1)
    assert labels(asked) == [None]


def test_two_projects_are_two_sources(asked: Settings) -> None:
    """Label Studio counts annotations per server, so the project tells them apart."""
    read(asked, make_annotation(1, "joy"), project="one")
    assert read(asked, make_annotation(1, "joy"), project="two").added == 1


def test_an_unbelievable_answer_is_filed_and_the_others_count(asked: Settings) -> None:
    """A choice that was never offered is in quarantine with its reason, once."""
    result = read(asked, make_annotation(1, "rage"), make_annotation(2, "joy", user=2))
    assert (result.quarantined, result.added) == ({"unknown_choice": 1}, 1)
    assert result.examples[0].startswith("demo/1: unknown_choice: `rage` is none of what")
    again = read(asked, make_annotation(1, "rage"), make_annotation(2, "joy", user=2))
    assert again.snapshot == result.snapshot
    with open_store(asked) as store:
        (refused,) = queries.select_quarantine(store, source="label-studio").to_pylist()
        assert queries.count_rows(store)["rejects"] == 0
    assert (refused["source_ref"], refused["reason"]) == ("demo/1", "unknown_choice")
    assert (refused["clip_id"], refused["annotator"]) == ("demo/a", "label-studio:1")


def test_ratings_and_remarks_are_kept_once(asked: Settings) -> None:
    """What the settings say was asked is read: ratings in the ledger, the rest beside it."""
    asking = asked.model_copy(
        update={"labelling": LabellingSettings(ratings="arousal", second_choice=True)}
    )
    answer = make_annotation(1, "joy")
    answer["result"] = [
        *answer["result"],
        {"from_name": "arousal", "type": "rating", "value": {"rating": 7}},
        {"from_name": "second_choice", "type": "choices", "value": {"choices": ["calm"]}},
        {"from_name": "comment", "type": "textarea", "value": {"text": ["a door slams"]}},
    ]
    first = read(asking, answer, make_annotation(2, None, user=2))
    assert read(asking, answer, make_annotation(2, None, user=2)).snapshot == first.snapshot
    with open_store(asking) as store:
        (vote,) = [row for row in queries.select_ledger(store).to_pylist() if row["label"]]
        remarks = queries.select_remarks(store)
    assert (vote["arousal"], vote["valence"]) == (7.0, None)
    said = remarks.select(["abstention", "second_choice", "comment"]).to_pylist()
    assert [list(row.values()) for row in said] == [
        [None, "calm", "a door slams"],
        ["skipped", None, None],
    ]


def test_a_required_rating_that_is_missing_is_filed(asked: Settings) -> None:
    """The server lets it in; the ledger does not."""
    asking = asked.model_copy(update={"labelling": LabellingSettings(ratings="valence")})
    result = read(asking, make_annotation(1, "joy"))
    assert (result.quarantined, result.votes) == ({"missing_rating": 1}, 0)


def test_a_collected_and_an_imported_export_are_one(asked: Settings) -> None:
    """`serloop votes` finds nothing new in what `serloop collect` has read, and files no row."""
    first = read(asked, make_annotation(1, "rage"), make_annotation(2, "joy", user=2))
    path = asked.home / "export.json"
    again = import_votes(
        asked, SilentProgress(), source="table", path=path, corpus="demo", project="demo"
    )
    assert (again.votes, again.added, again.snapshot) == (first.votes, 0, first.snapshot)
    assert again.quarantined == first.quarantined


def on(day: int, number: int, choice: str | None, user: int = 1) -> dict[str, object]:
    """Return an annotation as it was last changed on a day of November."""
    return make_annotation(number, choice, user=user) | {"updated_at": f"2026-11-{day}T10:00:00Z"}


def test_corrected_then_deleted_then_annotated_anew(asked: Settings) -> None:
    """At each step the right votes stand, each step is rows, and none of them is told twice."""
    steps = [
        ("given", (on(21, 1, "joy"), on(21, 2, "joy", user=2)), ["joy", "joy"], 2),
        ("corrected", (on(22, 1, "calm"), on(21, 2, "joy", user=2)), ["calm", "joy"], 3),
        ("deleted", (on(23, 2, "calm", user=2),), ["calm"], 5),
        ("anew", (on(24, 3, "joy"), on(23, 2, "calm", user=2)), ["calm", "joy"], 6),
        ("skipped", (on(25, 3, None), on(23, 2, "calm", user=2)), [None, "calm"], 7),
    ]
    for name, annotations, standing, rows in steps:
        result = read(asked, *annotations, full=True)
        assert result.retracted == (name == "deleted"), name
        assert labels(asked) == standing, name
        again = read(asked, *annotations, full=True)
        assert (again.added, again.retracted, again.snapshot) == (0, 0, result.snapshot), name
        with open_store(asked) as store:
            assert queries.count_rows(store)["votes"] == rows, name
            failed = {check.name for check in store.check()}
        assert not {"vote_supersedes_unknown", "retraction_of_nothing", "duplicate_key"} & failed
    for _, annotations, _, _ in steps:
        read(asked, *annotations)
    assert labels(asked) == [None, "calm"]


def test_a_retraction_names_what_it_withdraws(asked: Settings) -> None:
    """The row has no label of its own, and whose answer it was."""
    read(asked, on(21, 1, "joy"), on(22, 2, "calm", user=2))
    read(asked, on(22, 2, "calm", user=2), full=True)
    with open_store(asked) as store:
        ledger = queries.select_ledger(store).to_pylist()
    (gone,) = [row for row in ledger if row["is_retraction"]]
    (vote,) = [row for row in ledger if row["vote_id"] == gone["supersedes"]]
    assert (vote["label"], vote["source_ref"]) == ("joy", "demo/1")
    assert (gone["label"], gone["annotator"], gone["source_ref"]) == (
        None,
        "label-studio:1",
        "demo/1",
    )


def test_what_an_export_lacks_stands_unless_it_is_complete(asked: Settings) -> None:
    """Exports of some tasks or of one annotator are usual."""
    read(asked, on(21, 1, "joy"))
    assert read(asked, on(22, 2, "calm", user=2)).retracted == 0
    assert labels(asked) == ["calm", "joy"]


def test_a_complete_export_withdraws_nothing_that_is_newer(asked: Settings) -> None:
    """An export of yesterday cannot tell what was deleted of today's answers."""
    read(asked, on(21, 1, "joy"), on(24, 2, "calm", user=2))
    result = read(asked, on(23, 1, "calm"), full=True)
    assert (result.retracted, result.newer) == (0, 1)
    assert labels(asked) == ["calm", "calm"]


def test_a_complete_export_is_about_its_project_alone(asked: Settings) -> None:
    """Answers of another project, even one whose name begins alike, stand."""
    read(asked, on(21, 1, "joy"), project="demo/two")
    read(asked, on(21, 1, "joy"), project="other")
    assert read(asked, on(22, 5, "calm"), full=True).retracted == 0
    assert labels(asked) == ["calm", "joy", "joy"]


def test_an_unbelievable_answer_is_not_missing(asked: Settings) -> None:
    """What became of it cannot be told, so that the answer before stands."""
    read(asked, on(21, 1, "joy"))
    assert read(asked, on(22, 1, "rage"), full=True).retracted == 0
    assert labels(asked) == ["joy"]


def test_what_was_withdrawn_by_mistake_comes_back(asked: Settings) -> None:
    """An export that was not complete after all is put right by one that is."""
    everything = (on(21, 1, "joy"), on(22, 2, "calm", user=2))
    read(asked, *everything)
    assert read(asked, everything[1], full=True).retracted == 1
    assert read(asked, *everything).added == 0
    assert labels(asked) == ["calm"]
    assert read(asked, *everything, full=True).added == 1
    assert labels(asked) == ["calm", "joy"]
    # Whatever happens next in the project shows that the annotation is there.
    read(asked, everything[1], full=True)
    assert read(asked, *everything, on(23, 3, "joy", user=3)).added == 2
    assert labels(asked) == ["calm", "joy", "joy"]


def test_an_empty_export_is_not_complete(asked: Settings) -> None:
    """Nobody deletes all answers of a project by exporting the wrong one."""
    read(asked, on(21, 1, "joy"))
    path = asked.home / "export.json"
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(PipelineError, match=r"holds no task.*leave --full out"):
        collect(asked, SilentProgress(), source=path, corpus="demo", project="demo", full=True)


def test_answers_about_other_corpora_are_no_votes(asked: Settings) -> None:
    """The classes that were offered are those of the one corpus."""
    rows = {
        "corpora": make_rows("corpora", corpus=["talks"], taxonomy=["t"], classes=[["calm"]]),
        "clips": make_rows("clips", clip_id=["talks/a"], corpus=["talks"]),
    }
    with open_store(asked) as store:
        store.commit(rows, message="talks")
    path = asked.home / "export.json"
    export = make_export([{"data": {"clip_id": "talks/a"}}], [[make_annotation(1, "joy")]])
    path.write_text(json.dumps(export), encoding="utf-8")
    result = collect(asked, SilentProgress(), source=path, corpus="demo", project="demo")
    assert result.quarantined == {"unknown_clip_id": 1}


NO_EXPORTS = {
    "missing": (None, "no export at"),
    "no-json": ("<html>", "is no JSON"),
    "no-text": (b"\xff\xfe\x00", "is no JSON"),
    "object": ("{}", "must be a JSON list of tasks, but is a dict"),
    "no-tasks": ("[1, 2]", "must hold a list of tasks"),
}


@pytest.mark.parametrize(("content", "message"), NO_EXPORTS.values(), ids=NO_EXPORTS)
def test_a_file_that_is_no_export_is_refused(
    asked_once: Settings, tmp_path: Path, content: str | bytes | None, message: str
) -> None:
    """The message names the file and what to export."""
    path = tmp_path / "export.json"
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(PipelineError, match=message):
        collect(asked_once, SilentProgress(), source=path, corpus="demo", project="demo")


def test_an_unknown_corpus_is_refused(asked_once: Settings) -> None:
    """Answers cannot be read without the classes that were offered."""
    path = asked_once.home / "empty.json"
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(PipelineError, match="`other` is not in the warehouse"):
        collect(asked_once, SilentProgress(), source=path, corpus="other", project="demo")
