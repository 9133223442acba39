"""From the summary of a simulation to one HTML file that needs nothing outside itself."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Final

from jinja2 import Environment

from pipelines.report.page import page_environment
from pipelines.report.simulation.charts import Cost, draw_strategies
from pipelines.report.tiles import Tile
from pipelines.report.wording import NO_BREAK_SPACE, format_score, format_share
from pipelines.simulation.class_costs import LEVEL
from pipelines.simulation.crossings import LEVELS
from pipelines.simulation.wording import (
    write_estimate,
    write_hours,
    write_ratio,
    write_verdict,
    write_votes,
    write_worst,
)

if TYPE_CHECKING:
    from pipelines.simulation.outcome import SimulationSummary

NOTE: Final = "simulated votes"
COSTS: Final[tuple[Cost, ...]] = ("votes", "hours")


def render_simulation(summary: SimulationSummary) -> str:
    """Render a simulation as one self-contained HTML page.

    The page loads nothing and equal summaries give equal text, like the report of a round.

    Args:
        summary: Everything the page shows.

    Returns:
        The HTML text.
    """
    return (
        _environment()
        .get_template("simulation.html.j2")
        .render(
            summary=summary,
            headline=write_headline(summary),
            sentence=summary.sentence(),
            tiles=write_tiles(summary),
            charts=_draw_charts(summary),
            levels=LEVELS,
            level=LEVEL,
            costs=[
                (curve, [cost for cost in summary.class_costs if cost.strategy == curve.strategy])
                for curve in summary.curves
            ],
        )
    )


def write_headline(summary: SimulationSummary) -> str:
    """Return the page's heading: what the strategy in question saves, as far as it is known."""
    needed = summary.crossing(summary.focus, LEVEL)
    if math.isinf(needed.votes.at_most):
        return f"{summary.focus} does not reach {format_share(LEVEL)} of full-label UAR"
    if summary.focus == summary.reference:
        return f"{summary.focus} needs {needed.votes.at_most:,.0f} votes"
    sign = "" if needed.ratio.is_known else "at most "
    share = format_share(needed.ratio.at_most)
    return f"{summary.focus} needs {sign}{share} of the votes of {summary.reference}"


def write_tiles(summary: SimulationSummary) -> tuple[Tile, ...]:
    """Return the four figures at the top of the page."""
    needed = summary.crossing(summary.focus, LEVEL)
    verdicts = summary.verdicts(summary.focus)
    worse = sum(len(comparison.worse_at) for comparison in verdicts)
    looked = sum(len(comparison.points) for comparison in verdicts)
    full = summary.full
    votes, votes_interval = _apart(write_votes(needed.votes))
    ratio, ratio_interval = _apart(write_ratio(needed.ratio))
    half = "" if math.isnan(needed.chance_half) else _write_half(needed.chance_half)
    return (
        Tile(
            label=f"Votes to {format_share(LEVEL)}",
            value=votes,
            detail=_join(votes_interval, summary.focus),
            arm="active",
        ),
        Tile(
            label=f"Of those of {summary.reference}",
            value=ratio,
            detail=_join(ratio_interval, half),
        ),
        Tile(
            label="UAR of all true labels",
            value=format_score(full.value),
            detail=_join(_apart(write_estimate(full))[1], summary.learner),
        ),
        Tile(
            label="Worse than random",
            value=f"{worse} of {looked}",
            detail="comparisons at equal votes, significantly",
        ),
    )


def _draw_charts(summary: SimulationSummary) -> dict[str, str]:
    return {
        f"{cost}{suffix}": draw_strategies(
            summary.curves,
            cost=cost,
            focus=summary.focus,
            reference=summary.reference,
            full=summary.full.value,
            levels=LEVELS,
            key=f"{cost}{suffix}",
            compact=bool(suffix),
            note=NOTE,
        )
        for cost in COSTS
        for suffix in ("", "-compact")
    }


def _apart(text: str) -> tuple[str, str]:
    """Return a number, and the interval behind it or nothing."""
    value, bracket, rest = text.partition(f"{NO_BREAK_SPACE}[")
    return value, bracket.lstrip(NO_BREAK_SPACE) + rest


def _join(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _write_half(chance: float) -> str:
    return f"at most half in {format_share(chance)} of resamples"


@cache
def _environment() -> Environment:
    environment = page_environment("pipelines.report.simulation").overlay()
    environment.filters = {
        **environment.filters,
        "votes": write_votes,
        "time": write_hours,
        "ratio": write_ratio,
        "estimate": write_estimate,
        "verdict": write_verdict,
        "worst": write_worst,
    }
    return environment
