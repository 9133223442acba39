"""Rounds that are due are made, once."""

from pathlib import Path
from typing import NamedTuple

import pytest

from pipelines.deployment.due import DueRound, read_due
from pipelines.deployment.due_rounds import DueRoundsResult, run_due_rounds
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.loop import run_round
from pipelines.progress import SilentProgress
from pipelines.round_lock import lock_of, was_killed
from pipelines.runner import DirectRunner
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.places import borrow
from tests.pipelines.small_campaign import answer_all, ask


class Made(NamedTuple):
    """A home in which what was due was made, and what was found before."""

    run: DirectRunner
    found: tuple[DueRound, ...]
    of_another: DueRoundsResult
    result: DueRoundsResult


@pytest.fixture(scope="module")
def made_once(ingested_once: Settings, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Have simulated annotators answer the seed of a campaign, look for another, then for all."""
    settings = borrow(ingested_once, tmp_path_factory.mktemp("due"))
    given = {**settings.schedule.model_dump(), "round_votes": 10}
    settings = settings.model_copy(update={"schedule": type(settings.schedule)(**given)})
    run = DirectRunner(settings, SilentProgress())
    run_round(run, corpus="synthetic", simulate=True)
    of_another = run_due_rounds(run, campaign="other")
    return Made(run, read_due(settings), of_another, run_due_rounds(run))


def test_a_round_that_is_due_is_made_once(made_once: Made) -> None:
    """The next look finds nothing; its page is there to be linked to."""
    (made,) = made_once.result.made
    assert made.due.reason == "50 new votes; 10 are enough"
    assert made.outcome.endswith(" asks wait for an answer")
    (link,) = made_once.result.links()
    assert Path(link.path).is_file()
    assert run_due_rounds(made_once.run).made == ()


def test_only_the_campaign_that_is_named(made_once: Made) -> None:
    """Others wait for the look that is for all."""
    assert made_once.of_another.made == ()
    assert len(made_once.found) == 1


def test_a_round_that_was_made_meanwhile_is_left_alone(
    made_once: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between finding it due and holding its lock, somebody else may have made it."""
    monkeypatch.setattr("pipelines.deployment.due_rounds.read_due", lambda _: made_once.found)
    (made,) = run_due_rounds(made_once.run).made
    assert made.outcome == "made meanwhile"


@pytest.fixture
def due(tmp_path: Path) -> DirectRunner:
    """Return a home in which a round is due."""
    settings = Settings(home=tmp_path, schedule={"round_votes": 1})
    with open_store(settings) as store:
        ask(store)
        answer_all(store)
    return DirectRunner(settings, SilentProgress())


def refuse_with(patch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let every round end with an error."""

    def fail(*_: object, **__: object) -> None:
        raise error

    patch.setattr("pipelines.deployment.due_rounds.run_round", fail)


def test_a_killed_round_with_nothing_left_to_do_is_over(
    due: DirectRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no failure, and it counts as killed no more."""
    lock = lock_of(due.settings, "demo")
    lock.parent.mkdir()
    lock.write_text("{}", encoding="utf-8")
    refuse_with(monkeypatch, NothingToDoError("nobody has answered"))
    (made,) = run_due_rounds(due).made
    assert made.outcome == "nothing to do: nobody has answered"
    assert not was_killed(due.settings, "demo")


def test_a_round_that_fails_stays_due(due: DirectRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the failure names the campaign."""
    refuse_with(monkeypatch, PipelineError("no disk"))
    with pytest.raises(PipelineError, match="campaign `demo`: no disk"):
        run_due_rounds(due)
    assert was_killed(due.settings, "demo")
