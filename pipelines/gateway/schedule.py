"""What is to be done now: a pure function of what was told, what is known and what runs."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from pipelines.gateway.wakes import Kind, Name, Wake
from pipelines.gateway.work import Work

# What somebody asks for comes before what is due.
ROUNDS: tuple[Kind, ...] = ("round", "due")


@dataclass(frozen=True)
class Pace:
    """How patient the gateway is, in seconds.

    Args:
        quiet_s: Without another webhook before answers are collected.
        longest_wait_s: After which they are, however many come.
        poll_s: Between looks that no webhook asked for.
    """

    quiet_s: float
    longest_wait_s: float
    poll_s: float


def choose_work(
    wakes: Mapping[Name, Wake],
    campaigns: Collection[Work],
    *,
    polled_at: Mapping[str, float],
    now: float,
    pace: Pace,
) -> Iterator[Work]:
    """Give what is due, the most urgent of a campaign first.

    Args:
        wakes: What was told.
        campaigns: One `collect` per campaign.
        polled_at: When each campaign was last looked at, if it was.
        now: The time, seconds since 1970.
        pace: How patient to be.

    Yields:
        Work; of one campaign answers are collected before a round learns from them.
    """
    for work in campaigns:
        told = [wakes.get(Name("collect", project)) for project in work.projects]
        asked = [wake for wake in told if wake is not None]
        # Also in the future: the clock was set back.
        is_late = not 0 <= now - polled_at.get(work.campaign, -pace.poll_s) < pace.poll_s
        is_woken = any(_is_ripe(wake, now, pace) for wake in asked)
        if (is_late or is_woken) and _may_try(asked, now):
            yield work
        for kind in ROUNDS:
            ordered = [wakes.get(Name(kind, project)) for project in work.projects]
            rounds = [wake for wake in ordered if wake is not None and wake.waiting]
            if rounds and _may_try(rounds, now):
                yield replace(work, kind=kind)


def find_strangers(wakes: Mapping[Name, Wake], campaigns: Collection[Work]) -> list[Wake]:
    """Return what was told about projects that no campaign has."""
    known = {project for work in campaigns for project in work.projects}
    return [wake for wake in wakes.values() if wake.waiting and wake.project not in known]


def _is_ripe(wake: Wake, now: float, pace: Pace) -> bool:
    if not wake.waiting:
        return False
    is_quiet = not 0 <= now - wake.last_at < pace.quiet_s
    return is_quiet or not 0 <= now - wake.first_at < pace.longest_wait_s


def _may_try(wakes: Collection[Wake], now: float) -> bool:
    return all(wake.retry_at <= now for wake in wakes)
