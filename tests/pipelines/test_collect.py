"""Answers from Label Studio become votes once, and a changed mind supersedes."""

import json
from pathlib import Path

import pytest

from annotation.testing import make_annotation, make_export
from pipelines.collect import CollectResult, collect
from pipelines.errors import NothingToDoError, PipelineError
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


def read(settings: Settings, *annotations, project: str = "demo") -> CollectResult:
    """Export annotations of clip a, and collect them."""
    export = make_export([{"data": {"clip_id": "demo/a"}}], [annotations])
    path = settings.home / "export.json"
    path.write_text(json.dumps(export), encoding="utf-8")
    return collect(settings, SilentProgress(), source=path, corpus="demo", project=project)


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
    """A choice that was never offered is a reject with its reason."""
    result = read(asked, make_annotation(1, "rage"), make_annotation(2, "joy", user=2))
    assert (result.quarantined, result.added) == ({"unknown_choice": 1}, 1)
    with open_store(asked) as store:
        (reject,) = queries.select_rejects(store).to_pylist()
    assert (reject["path"], reject["reason"]) == ("label-studio/demo/1", "answer_unknown_choice")
    assert "demo/a" in reject["detail"]


NO_EXPORTS = {
    "missing": (None, "no export at"),
    "no-json": ("<html>", "is not JSON"),
    "no-text": (b"\xff\xfe\x00", "is not JSON"),
    "object": ("{}", "must hold a list of tasks.*got dict"),
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
    with pytest.raises(NothingToDoError, match="`other` is not in the warehouse"):
        collect(asked_once, SilentProgress(), source=path, corpus="other", project="demo")
