"""Models are promoted, refused and rolled back, each change once and with a reason."""

import resource
import subprocess
import sys
import time

import pytest

from pipelines.errors import NothingToDoError, PipelineError
from pipelines.gate.naming import limits_of
from pipelines.progress import SilentProgress
from pipelines.registry.change import promote, refuse, rollback
from pipelines.settings import Settings
from tests.pipelines.registry.lines_of_models import changes, history, put_decision, put_models

SILENT = SilentProgress()


@pytest.fixture
def three(settings: Settings) -> Settings:
    """Return a place with three models, of which `a` and then `b` became champion by force."""
    put_models(settings, ["a", "b", "c"])
    for name in "ab":
        promote(settings, SILENT, model_id=name, force=True, reason=f"{name} it is", actor="ann")
    return settings


def test_force_needs_a_reason(settings: Settings) -> None:
    """Whoever overrides the gate says why, and it is kept."""
    put_models(settings, ["a"])
    with pytest.raises(PipelineError, match="needs a reason"):
        promote(settings, SILENT, model_id="a", force=True, reason=" ")
    found = promote(settings, SILENT, model_id="a", force=True, reason="a demo", actor="ann")
    (made,) = history(settings)
    assert (made.gate_id, made.actor, made.reason) == (None, "ann", "a demo")
    assert found.sentence() == "champion of `calls` is `a`"


def test_without_force_the_gate_is_asked(settings: Settings) -> None:
    """A model that was not judged on anything does not get in."""
    put_models(settings, ["a"])
    with pytest.raises(PipelineError, match="`a`"):
        promote(settings, SILENT, model_id="a")
    assert changes(settings) == []


def test_a_decision_against_the_present_champion_counts(three: Settings) -> None:
    """What passed against `b` by our limits may become champion, resting on that decision."""
    put_decision(three, "g1", "c", champion_id="a", limits=limits_of(three))
    put_decision(three, "g2", "c", champion_id="b", limits=limits_of(three))
    found = promote(three, SILENT, model_id="c", reason="as passed")
    assert (found.champion_id, found.before, found.gate_id) == ("c", "b", "g2")
    assert found.sentence() == "champion of `calls` is `c`, after `b`"
    assert [event.name for event in found.events()] == ["serloop.registry.promoted"]


@pytest.mark.parametrize(
    "given",
    [
        {"champion_id": "a"},
        {"champion_id": "b", "is_passed": False},
        {"champion_id": "b", "limits": "{}"},
    ],
)
def test_other_decisions_do_not_count(three: Settings, given: dict[str, object]) -> None:
    """One against a former champion, one that refused, or one by other limits opens no door."""
    put_decision(three, "g1", "c", **{"limits": limits_of(three), **given})
    with pytest.raises(PipelineError):
        promote(three, SILENT, model_id="c")
    assert changes(three)[-1] == ("promoted", "b", "b")


def test_a_champion_is_not_promoted_again(three: Settings) -> None:
    """Nothing is written, and the sentence says so."""
    found = promote(three, SILENT, model_id="b", force=True, reason="again")
    assert (found.kind, len(changes(three)), list(found.events())) == (None, 2, [])
    assert "champion already" in found.sentence()


def test_a_roll_back_goes_back_step_by_step(three: Settings) -> None:
    """First to the champion before, then one further, then there is none."""
    promote(three, SILENT, model_id="c", force=True, reason="c it is")
    assert rollback(three, SILENT, line="calls", reason="it hums").champion_id == "b"
    assert rollback(three, SILENT, line="calls").champion_id == "a"
    assert changes(three)[-2:] == [("rolled_back", "c", "b"), ("rolled_back", "b", "a")]
    assert history(three)[-2].reason == "it hums"
    with pytest.raises(NothingToDoError, match="no champion before `a`"):
        rollback(three, SILENT, line="calls")


def test_an_unknown_line_is_told_with_those_there_are(three: Settings) -> None:
    """A misspelt name changes nothing."""
    with pytest.raises(NothingToDoError, match="`cals` has no champion; lines with one: `calls`"):
        rollback(three, SILENT, line="cals")


def test_a_rolled_back_model_may_come_back(three: Settings) -> None:
    """By force as any other, and a roll-back from there goes to where it was."""
    rollback(three, SILENT, line="calls")
    promote(three, SILENT, model_id="b", force=True, reason="it was not the model")
    assert rollback(three, SILENT, line="calls").champion_id == "a"


def test_a_refusal_needs_a_reason_and_comes_once(three: Settings) -> None:
    """The champion stays, and a second refusal writes nothing."""
    with pytest.raises(PipelineError, match="needs a reason"):
        refuse(three, SILENT, model_id="c", reason="")
    assert refuse(three, SILENT, model_id="c", reason="hums").champion_id == "b"
    assert refuse(three, SILENT, model_id="c", reason="hums").kind is None
    assert changes(three)[2:] == [("refused", "c", "b")]


def test_a_champion_cannot_be_refused(three: Settings) -> None:
    """The message says what to do instead."""
    with pytest.raises(PipelineError, match="serloop rollback calls"):
        refuse(three, SILENT, model_id="b", reason="hums")


def cpu_of_children() -> float:
    """Return how long processes that have ended were computing, which others do not delay, s."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def roll_back(settings: Settings) -> str:
    """Run the verb in a process of its own and return what it printed."""
    code = "from pipelines.cli import main; main()"
    arguments = ["rollback", "calls", "--home", str(settings.home), "--reason", "hums"]
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    ).stdout


def test_the_verb_rolls_back(three: Settings) -> None:
    """A process started anew takes one change back and names who is champion now."""
    assert "champion of `calls` is `a`" in roll_back(three)
    assert changes(three)[-1] == ("rolled_back", "b", "a")


@pytest.mark.slow  # It measures a second, which only a machine without other work can tell.
def test_the_verb_rolls_back_within_a_second(three: Settings) -> None:
    """The best of three whole processes, for the machine may be busy even so."""
    promote(three, SILENT, model_id="c", force=True, reason="c it is")
    promote(three, SILENT, model_id="a", force=True, reason="a again")
    seconds = []
    for _ in range(3):
        started, used = time.monotonic(), cpu_of_children()
        roll_back(three)
        seconds.append(min(time.monotonic() - started, cpu_of_children() - used))
    assert min(seconds) < 1
