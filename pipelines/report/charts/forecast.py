"""The active arm's points and where its curve is expected to go, with the interval around it."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from pipelines.report.charts.learning_curve import label_ends, set_curve_limits, style_curve_axes
from pipelines.report.charts.svg import ACTIVE, SURFACE, Chart
from pipelines.report.content import CurvePoint
from pipelines.report.headline import chance_level
from pipelines.report.outlook import ForecastPoint
from pipelines.report.wording import format_interval, format_quantity, format_score, with_note


def draw_forecast(
    points: Sequence[CurvePoint],
    forecast: Sequence[ForecastPoint],
    *,
    n_classes: int,
    key: str,
    compact: bool = False,
    note: str = "",
) -> str:
    """Draw UAR against votes so far, and dashed what the fitted curve expects of further votes.

    Args:
        points: points of one arm, at least one.
        forecast: the fitted curve, ascending in votes, at least one point.
        n_classes: C, which sets the chance line.
        key: id prefix, unique on the page.
        compact: the narrow drawing for a phone in place of the wide one.
        note: words put beside the axis title, such as `synthetic speech`.

    Returns:
        One SVG element.
    """
    width_px, height_px = (350, 290) if compact else (620, 340)
    chance, last = chance_level(n_classes), forecast[-1]
    with Chart(key, width_px=width_px, height_px=height_px) as chart:
        axes = chart.add_axes((46, 56, width_px - 46 - 104, height_px - 56 - 12))
        drawn: list[CurvePoint | ForecastPoint] = [*points, *forecast]
        votes = [point.votes for point in drawn]
        scores = [score for p in drawn for score in (p.uar, p.uar_low, p.uar_high)]
        set_curve_limits(axes, votes, scores, chance)
        style_curve_axes(axes, votes, chance, compact=compact)
        axes.set_xlabel(with_note("votes", note), labelpad=10)
        tooltips = {**_draw_points(axes, points), **_draw_expected(axes, forecast)}
        label_ends(axes, [(last.uar, f"expected {format_score(last.uar)}", ACTIVE)], chance)
        return chart.to_svg(
            label=with_note("Forecast of the learning curve", note),
            description="; ".join(tooltips.values()) + ".",
            tooltips=tooltips,
        )


def _draw_points(axes: Axes, points: Sequence[CurvePoint]) -> dict[str, str]:
    tooltips = {}
    for index, point in enumerate(points):
        gid = f"point-{index}"
        axes.vlines([point.votes], [point.uar_low], [point.uar_high], color=ACTIVE, alpha=0.5)
        axes.plot(
            [point.votes],
            [point.uar],
            marker="o",
            markersize=7,
            color=ACTIVE,
            markeredgecolor=SURFACE,
            markeredgewidth=1.2,
            gid=gid,
        )
        tooltips[gid] = f"Round {point.round}, {_told(point)}"
    return tooltips


def _draw_expected(axes: Axes, forecast: Sequence[ForecastPoint]) -> dict[str, str]:
    votes = [point.votes for point in forecast]
    lows, highs = [p.uar_low for p in forecast], [p.uar_high for p in forecast]
    axes.fill_between(votes, lows, highs, color=ACTIVE, alpha=0.13, linewidth=0, gid="expected")
    dashes = (0, (5, 2.5))
    axes.plot(votes, [p.uar for p in forecast], color=ACTIVE, linewidth=2.2, linestyle=dashes)
    return {"expected": f"Expected with {_told(forecast[-1])}"}


def _told(point: CurvePoint | ForecastPoint) -> str:
    return (
        f"{format_quantity(point.votes, 'vote')}: UAR {format_score(point.uar)} "
        f"{format_interval(point.uar_low, point.uar_high)}"
    )
