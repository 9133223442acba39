"""What a round's page says of the rounds to come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.report.wording import UNDEFINED, format_count, format_interval, format_score

if TYPE_CHECKING:
    from annotation.planning import Advice, Criterion


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastPoint:
    """Where the fitted curve is expected to be.

    Args:
        votes: votes of the active arm, as of the learning curve.
        uar: expected UAR.
        uar_low: lower end of its interval.
        uar_high: upper end.
    """

    votes: int
    uar: float
    uar_low: float
    uar_high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Whether more rounds are worth asking.

    Args:
        advice: every criterion, and what they say together.
        forecast: the fitted curve from the last point on, ascending; empty before it is known.
        rounds: points the curve was fitted to.
        clips_left: clips that the active arm may still ask about.
        scatter: how many times further than their intervals the points lie from the curve.
    """

    advice: Advice
    forecast: tuple[ForecastPoint, ...]
    rounds: int
    clips_left: int
    scatter: float = 1.0


def write_verdict(criterion: Criterion) -> str:
    """Say what a criterion says in a word.

    Args:
        criterion: the criterion.

    Returns:
        `stop`, `go on` or `not yet`.
    """
    if criterion.says_stop is None:
        return "not yet"
    return "stop" if criterion.says_stop else "go on"


def write_figure(value: float) -> str:
    """Write a criterion's value or threshold with enough digits to be compared.

    Args:
        value: the figure; NaN when not known.

    Returns:
        Text with three decimals and no leading zero, or `n/a`.

    Example:
        >>> write_figure(0.0134), write_figure(float("nan")), write_figure(1.0)
        ('.013', 'n/a', '1.000')
    """
    text = f"{value:.3f}"
    return UNDEFINED if text == "nan" else text.removeprefix("0")


def write_forecast(outlook: Outlook) -> str:
    """Say in a sentence where the curve is expected to be at its end.

    Args:
        outlook: the outlook.

    Returns:
        The sentence, or nothing without a forecast.
    """
    if not outlook.forecast:
        return ""
    last = outlook.forecast[-1]
    warning = (
        f" The points lie {outlook.scatter:.1f} times further from the curve than their intervals "
        "explain, so the band is that much wider."
        if outlook.scatter > 1.05
        else ""
    )
    return (
        f"With {format_count(last.votes)} votes the active arm is expected at UAR "
        f"{format_score(last.uar)} {format_interval(last.uar_low, last.uar_high)}, if the curve "
        f"goes on as a power law.{warning}"
    )
