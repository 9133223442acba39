"""Work ends in a line of words, whatever happens."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pipelines.errors import NothingToDoError, PipelineError
from pipelines.gateway import work as work_module
from pipelines.gateway.work import Outcome, Work, perform, read_campaigns
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.gateway.running import open_campaign
from tests.pipelines.small_campaign import answer_all, ask

COLLECT = Work("collect", "demo", "demo", ("campaign-1",))


@dataclass(frozen=True)
class Table:
    """What a stage returns."""

    def rows(self) -> list[dict[str, object]]:
        """Return its table."""
        return [{"round": 0, "votes": 1}, {"round": 1, "votes": 3, "uar": None}]


def _raise(error: Exception) -> Callable[[Settings, Work], Table]:
    def do(_: Settings, __: Work) -> Table:
        raise error

    return do


@pytest.mark.parametrize(
    ("do", "expected"),
    [
        (lambda *_: Table(), Outcome(True, "round 1, votes 3")),
        (_raise(NothingToDoError("no answers")), Outcome(True, "nothing to do: no answers")),
        (_raise(PipelineError("it is not running")), Outcome(False, "it is not running")),
        (_raise(ZeroDivisionError("by zero")), Outcome(False, "ZeroDivisionError: by zero")),
    ],
    ids=["done", "nothing to do", "expected", "unexpected"],
)
def test_whatever_happens_is_an_outcome(
    monkeypatch: pytest.MonkeyPatch, do: Callable[[Settings, Work], Table], expected: Outcome
) -> None:
    """Only failures are to be tried again."""
    monkeypatch.setitem(work_module.DOERS, "collect", do)
    assert perform(Settings(), COLLECT) == expected


def test_collecting_without_a_server_says_how_to_start_one(tmp_path: Path) -> None:
    """The real stage is called, and its refusal is kept word for word."""
    open_campaign(tmp_path)
    (found,) = read_campaigns(Settings(home=tmp_path))
    said = perform(Settings(home=tmp_path), found)
    assert not said.is_done
    assert "serloop label-studio up" in said.text


def test_a_round_of_an_unknown_corpus_is_refused_by_the_loop(tmp_path: Path) -> None:
    """The real composition is called."""
    open_campaign(tmp_path)
    said = perform(Settings(home=tmp_path), Work("round", "c", "no-corpus", ("campaign-1",)))
    assert "no-corpus" in said.text


def test_a_round_that_is_not_due_is_not_made(tmp_path: Path) -> None:
    """What was due when it was noted may have been made since."""
    open_campaign(tmp_path)
    said = perform(Settings(home=tmp_path), replace(COLLECT, kind="due"))
    assert said == Outcome(True, "")


def test_a_collection_says_whether_a_round_is_due(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By the votes that are in afterwards."""
    settings = Settings(home=tmp_path, schedule={"round_votes": 3})
    monkeypatch.setitem(work_module.DOERS, "collect", lambda *_: Table())
    with open_store(settings) as store:
        ask(store)
    assert not perform(settings, COLLECT).is_due
    with open_store(settings) as store:
        answer_all(store)
    assert perform(settings, COLLECT).is_due


def test_every_campaign_with_a_project_is_found(tmp_path: Path) -> None:
    """Campaigns come by name, projects of one in the order they were opened; no home is made."""
    assert read_campaigns(Settings(home=tmp_path / "none")) == ()
    assert not (tmp_path / "none").exists()
    open_campaign(tmp_path, "campaign-b", "campaign-a")
    found = read_campaigns(Settings(home=tmp_path))
    assert [(work.campaign, work.corpus, work.projects) for work in found] == [
        ("a", "demo", ("campaign-a",)),
        ("b", "demo", ("campaign-b",)),
    ]
