"""What the gate decided, told as sentence, link and event."""

from dataclasses import replace

import pytest

from pipelines.gate.records import Check, Decision, GateResult
from pipelines.runner import EventfulResult, Link, LinkingResult

FIGURES = (0.7, 0.6, 0.1, 0.02, 0.18, 0.03, 0.0)
BETTER = Check("better", True, "uar", *FIGURES, 300, "better than champion `old`: UAR 0.700")
NOISE = Check("noise", False, "uar", *FIGURES, 300, "noise: more than 0.05 worse")
RESULT = GateResult(
    gate_id="gate-1",
    line="calls",
    model_id="new",
    champion_id="old",
    is_passed=True,
    state="promoted",
    checks=(BETTER,),
    reason=BETTER.reason,
    clips=300,
    speakers=5,
    is_new=True,
    page="reports/calls-001.html",
)


def decide(*checks: Check) -> Decision:
    """Return a decision on these checks."""
    return Decision("gate-1", "calls", "new", "old", "intended", 300, 5, "{}", 7, checks)


def test_one_failed_check_is_enough_to_refuse() -> None:
    """And the reason is about what failed; where nothing did, about how much better it is."""
    assert (decide(BETTER).is_passed, decide(BETTER).reason) == (True, BETTER.reason)
    refused = decide(BETTER, NOISE)
    assert (refused.is_passed, refused.reason) == (False, NOISE.reason)


@pytest.mark.parametrize(
    ("state", "is_new", "said"),
    [
        ("promoted", True, "`new` is champion of `calls`: better"),
        ("promoted", False, "`new` was promoted in `calls` (decided before): better"),
        ("refused", True, "`new` is refused in `calls`: better"),
        ("waiting", True, "`new` passed and waits in `calls`: better"),
    ],
)
def test_the_sentence_says_what_became_of_it(state: str, is_new: bool, said: str) -> None:
    """One that was decided before does not claim that it holds now."""
    assert replace(RESULT, state=state, is_new=is_new).sentence().startswith(said)


def test_runners_find_page_and_event() -> None:
    """The page is linked where there is one, and a decision is told once."""
    assert isinstance(RESULT, LinkingResult)
    assert isinstance(RESULT, EventfulResult)
    assert RESULT.links() == [Link("Report of calls", "reports/calls-001.html")]
    assert replace(RESULT, page=None).links() == []
    (event,) = RESULT.events()
    assert (event.name, event.resource) == ("serloop.gate.promoted", "serloop.model.new")
    assert (event.payload["uar"], event.payload["champion_uar"]) == (0.7, 0.6)
    assert replace(RESULT, is_new=False).events() == []
