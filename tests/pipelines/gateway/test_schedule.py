"""What is due, and what is not yet."""

from collections.abc import Mapping

import pytest

from pipelines.gateway.schedule import Pace, choose_work, find_strangers
from pipelines.gateway.wakes import Name, Wake
from pipelines.gateway.work import Work

PACE = Pace(quiet_s=1.0, longest_wait_s=5.0, poll_s=60.0)
ONE = Work("collect", "one", "demo", ("campaign-1", "campaign-2"))
COLLECT, ROUND = Wake("collect", "campaign-2"), Wake("round", "campaign-2")


def due(*wakes: Wake, now: float, polled_at: Mapping[str, float] | None = None) -> list[str]:
    """Return the kinds of work that are due of a campaign that was polled at the start."""
    told = {Name(wake.kind, wake.project): wake for wake in wakes}
    polled = {"one": 1000.0} if polled_at is None else polled_at
    return [work.kind for work in choose_work(told, [ONE], polled_at=polled, now=now, pace=PACE)]


@pytest.mark.parametrize(
    ("wake", "now", "expected"),
    [
        (COLLECT, 1001.0, []),
        (COLLECT.noted(1001.0), 1001.5, []),
        (COLLECT.noted(1001.0), 1002.0, ["collect"]),
        (COLLECT.noted(1001.0).noted(1005.5), 1005.9, []),
        (COLLECT.noted(1001.0).noted(1005.5), 1006.0, ["collect"]),
        (COLLECT.noted(1001.0).settled(1, 1002.0, ""), 1003.0, []),
        (COLLECT.noted(9999.0), 1001.0, ["collect"]),
        (COLLECT.noted(1001.0).failed("", 1002.0, longest_pause_s=60.0), 1002.5, []),
        (COLLECT.noted(1001.0).failed("", 1002.0, longest_pause_s=60.0), 1003.0, ["collect"]),
        (ROUND.noted(1001.0), 1001.0, ["round"]),
        (ROUND.noted(1001.0).settled(1, 1002.0, ""), 1003.0, []),
        (ROUND.noted(1001.0).failed("", 1002.0, longest_pause_s=60.0), 1002.5, []),
    ],
    ids=[
        "nothing told",
        "not quiet yet",
        "quiet",
        "neither quiet nor late",
        "waited long enough",
        "handled",
        "the clock was set back",
        "failed just now",
        "failed a pause ago",
        "a round does not wait for quiet",
        "a round that was run",
        "a round that failed just now",
    ],
)
def test_what_was_told_is_due_in_time(wake: Wake, now: float, expected: list[str]) -> None:
    """Webhooks are answered together, soon, and after failures with a pause."""
    assert due(wake, now=now) == expected


def test_what_somebody_asks_for_comes_before_what_is_due() -> None:
    """A round that is due and failed is not tried before its pause, however often it is found."""
    late = Wake("due", "campaign-2").noted(1001.0)
    assert due(ROUND.noted(1001.0), late, now=1002.0) == ["round", "due"]
    failed = late.failed("", 1002.0, longest_pause_s=60.0).noted(1002.2)
    assert due(failed, now=1002.5) == []


def test_a_campaign_is_looked_at_without_being_told() -> None:
    """At the start and then at every poll, and when the clock was set back."""
    assert due(now=1000.0, polled_at={}) == ["collect"]
    assert due(now=1059.9) == []
    assert due(now=1060.0) == ["collect"]
    assert due(now=900.0) == ["collect"]


def test_answers_are_collected_before_a_round_learns_from_them() -> None:
    """Of two things due, the collection is named first."""
    assert due(COLLECT.noted(1001.0), ROUND.noted(1001.0), now=1003.0) == ["collect", "round"]


def test_any_project_of_a_campaign_wakes_it() -> None:
    """A project that was given up for another may still get an answer."""
    assert due(Wake("collect", "campaign-1").noted(1001.0), now=1003.0) == ["collect"]


def test_strangers_are_told_from_campaigns() -> None:
    """What waits for a project that no campaign has is found; what is handled is not."""
    stranger = Wake("collect", "campaign-9").noted(1.0)
    told = [COLLECT.noted(1.0), stranger, Wake("round", "campaign-9", received=1, handled=1)]
    wakes = {Name(wake.kind, wake.project): wake for wake in told}
    assert find_strangers(wakes, [ONE]) == [stranger]
