"""Moments and states as the status page writes them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pipelines.observe.prefect_server import Deployed, Run
from pipelines.report.wording import format_quantity

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# From here on days are counted, not hours.
LONG = 2 * DAY
# What Prefect puts before the message of what was raised.
PREAMBLE = "Flow run encountered an exception: "
# A table shows the beginning; the run's own page has it all.
LONGEST_REASON = 400


@dataclass(frozen=True)
class Moment:
    """A moment for somebody who reads at another.

    Args:
        relative: Such as `3 min ago` or `in 2 h`.
        exact: With date and zone.
        iso: For programs.
    """

    relative: str
    exact: str
    iso: str


def describe_moment(at: datetime, now: datetime, time_zone: str = "UTC") -> Moment:
    """Say when something was or will be.

    Args:
        at: The moment.
        now: The reader's.
        time_zone: Whose clock.

    Example:
        >>> from datetime import UTC
        >>> noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
        >>> moment = describe_moment(noon, noon + timedelta(minutes=90), "Europe/Berlin")
        >>> moment.relative, moment.exact
        ('90 min ago', '2026-07-01 14:00 CEST')
    """
    exact = at.astimezone(ZoneInfo(time_zone)).strftime("%Y-%m-%d %H:%M %Z")
    away = abs(now - at)
    iso = at.isoformat(timespec="seconds")
    if away < MINUTE:
        return Moment("just now" if at <= now else "within a minute", exact, iso)
    length = describe_length(away)
    return Moment(f"{length} ago" if at < now else f"in {length}", exact, iso)


def describe_length(length: timedelta) -> str:
    """Say how long something takes.

    Example:
        >>> describe_length(timedelta(seconds=42)), describe_length(timedelta(days=3))
        ('42 s', '3 days')
    """
    if length < MINUTE:
        return f"{length.total_seconds():.0f} s"
    if length < 2 * HOUR:
        return f"{length // MINUTE} min"
    if length < LONG:
        return f"{length // HOUR} h"
    return format_quantity(length // DAY, "day").replace("\N{NO-BREAK SPACE}", " ")


def describe_size(size: float) -> str:
    """Write a number of bytes.

    Example:
        >>> describe_size(3_400_000_000)
        '3.4 GB'
    """
    for unit, bytes_of_it in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if size >= bytes_of_it:
            return f"{size / bytes_of_it:.1f} {unit}"
    return f"{size / 1e3:.0f} kB"


def shorten_reason(run: Run) -> str:
    """Return why a run failed, without what Prefect puts before it.

    Args:
        run: A run that failed.
    """
    # Of a task that failed in vain some times, Prefect tells that first and the reason last.
    reason = run.reason.rpartition(PREAMBLE)[2]
    kind, colon, told = reason.partition(": ")
    if colon and kind.endswith("Error") and kind.isidentifier():
        reason = told
    if len(reason) > LONGEST_REASON:
        return f"{reason[:LONGEST_REASON]} …"
    return reason or f"it ended as `{run.state}`, without a reason"


def describe_state(deployed: Deployed) -> tuple[str, str]:
    """Say how a deployment fares: a class for its colour, and a word.

    Args:
        deployed: The deployment.
    """
    if deployed.is_paused:
        return "idle", "paused"
    if deployed.last is not None and deployed.last.is_broken:
        return "bad", deployed.last.state.lower()
    if not deployed.is_ready:
        return "warn", "late"
    if deployed.last is None:
        return "idle", "not yet run"
    if deployed.last.kind == "CANCELLED":
        return "warn", "cancelled"
    return "good", "done"
