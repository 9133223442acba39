"""How results of a simulation are written: what is not known is said, not guessed."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pipelines.report.wording import NO_BREAK_SPACE, UNDEFINED, format_score
from pipelines.simulation.comparisons import Comparison
from pipelines.simulation.crossings import Bounds
from pipelines.simulation.resampling import Estimate

_NAMED = 4


def write_votes(bounds: Bounds) -> str:
    """Write votes with their interval.

    Example:
        >>> write_votes(Bounds(412.2, 412.2, 350.0, math.inf)).replace(NO_BREAK_SPACE, " ")
        '412 [350, ∞]'
        >>> write_votes(Bounds(3600.0, math.inf, 3300.0, math.inf)).replace(NO_BREAK_SPACE, " ")
        '> 3,600 [3,300, ∞]'
        >>> write_votes(Bounds(0.0, 60.0, 0.0, 60.0)).replace(NO_BREAK_SPACE, " ")
        '≤ 60'
    """
    return _write(bounds, "{:,.0f}")


def write_hours(bounds: Bounds) -> str:
    """Write hours with their interval, such as `1.2 [1.0, 1.5]`."""
    return _write(bounds, "{:,.1f}")


def write_ratio(bounds: Bounds) -> str:
    """Write a ratio in per cent with its interval.

    Example:
        >>> write_ratio(Bounds(0.41, 0.41, 0.36, 0.47)).replace(NO_BREAK_SPACE, " ")
        '41 % [36, 47]'
        >>> write_ratio(Bounds(1.2, math.inf, 1.1, math.inf)).replace(NO_BREAK_SPACE, " ")
        '> 120 % [110, ∞]'
        >>> write_ratio(Bounds(0.0, math.inf, 0.0, math.inf))
        'n/a'
    """
    whole = Bounds(
        *(100 * end for end in (bounds.at_least, bounds.at_most, bounds.low, bounds.high))
    )
    return _write(whole, "{:,.0f}", unit=f"{NO_BREAK_SPACE}%")


def write_estimate(found: Estimate, *, signed: bool = False) -> str:
    """Write a score with its interval.

    Example:
        >>> write_estimate(Estimate(0.614, 0.58, 0.66)).replace(NO_BREAK_SPACE, " ")
        '.61 [.58, .66]'
    """
    value = format_score(found.value, signed=signed)
    if math.isnan(found.low):
        return value
    low, high = (format_score(end, signed=signed) for end in (found.low, found.high))
    return f"{value}{NO_BREAK_SPACE}[{low},{NO_BREAK_SPACE}{high}]"


def write_verdict(comparison: Comparison) -> str:
    """Say whether a strategy is ever significantly worse than another, or cannot be told."""
    against = comparison.against
    if not comparison.points:
        return f"shares no number of votes with {against}"
    if comparison.worse_at:
        return f"worse than {against} at {_list_votes(comparison.worse_at)} votes"
    if not comparison.can_tell:
        return f"too few seeds to tell whether it is worse than {against}"
    return f"never significantly worse than {against}"


def write_verdicts(comparisons: Sequence[Comparison]) -> str:
    """Say the same of several comparisons of one strategy, what is alike in one breath."""
    said: dict[str, list[str]] = {}
    for comparison in comparisons:
        start = write_verdict(comparison).removesuffix(comparison.against)
        said.setdefault(start, []).append(comparison.against)
    return "; ".join(
        start + " or ".join(names) if start.endswith(" ") else start
        for start, names in said.items()
    )


def write_worst(comparison: Comparison) -> str:
    """Say where a strategy compares worst, whether that is significant or not.

    A verdict alone would reward a simulation of few seeds, which finds nothing significant.
    """
    lowest = comparison.lowest
    if lowest is None:
        return UNDEFINED
    found = write_estimate(lowest.difference, signed=True)
    return f"{found} at {lowest.votes:,.0f} votes"


def _write(bounds: Bounds, form: str, unit: str = "") -> str:
    sign, value = "", bounds.at_least
    if bounds.at_least == 0 and math.isinf(bounds.at_most):
        return UNDEFINED
    if math.isinf(bounds.at_most):
        sign = f">{NO_BREAK_SPACE}"
    elif not bounds.is_known:
        sign, value = f"≤{NO_BREAK_SPACE}", bounds.at_most
    told = f"{sign}{form.format(value)}{unit}"
    is_plain = math.isnan(bounds.low) or (bounds.low, bounds.high) == (
        bounds.at_least,
        bounds.at_most,
    )
    if is_plain:
        return told
    low, high = ("∞" if math.isinf(end) else form.format(end) for end in (bounds.low, bounds.high))
    return f"{told}{NO_BREAK_SPACE}[{low},{NO_BREAK_SPACE}{high}]"


def _list_votes(votes: tuple[float, ...]) -> str:
    named = ", ".join(f"{one:,.0f}" for one in votes[:_NAMED])
    return f"{named} and {len(votes) - _NAMED} further numbers of" if len(votes) > _NAMED else named
