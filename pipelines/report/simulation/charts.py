"""UAR by votes and by the annotators' hours, a line per strategy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import count, pairwise, product
from typing import Final, Literal

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pipelines.report.charts.names import shorten
from pipelines.report.charts.svg import (
    ACTIVE,
    DIFFERS,
    HEAT,
    INK,
    MUTED,
    NOTE,
    RANDOM,
    SURFACE,
    Chart,
)
from pipelines.report.wording import format_count, format_score, format_share, with_note
from pipelines.simulation.curves import Curve, CurvePoint
from pipelines.simulation.wording import write_estimate

Cost = Literal["votes", "hours"]
Dash = str | tuple[float, tuple[float, ...]]

_DASHED: Final[Dash] = (0, (5, 2.5))
_DASHES: Final[tuple[Dash, ...]] = ((0, (1.5, 1.5)), (0, (7, 2, 1.5, 2)), "solid", _DASHED)
_COLOURS: Final = (DIFFERS, NOTE, HEAT, INK)
_TITLES: Final = {"votes": "votes of one campaign", "hours": "hours of the annotators"}
_GAP_PX: Final = 15.0
_LEVEL_PX: Final = 34.0
_NAME_LETTERS: Final = 17
_MARKS: Final = 10


def draw_strategies(
    curves: Sequence[Curve],
    *,
    cost: Cost,
    focus: str,
    reference: str,
    full: float,
    levels: Sequence[float],
    key: str,
    compact: bool = False,
    note: str = "",
) -> str:
    """Draw every strategy's curve, with the intervals of the one in question and the reference.

    Args:
        curves: At least one curve.
        cost: What is on the horizontal axis.
        focus: The strategy in question.
        reference: The strategy it is measured against.
        full: UAR of the model of all true labels.
        levels: Shares of it that have a line.
        key: id prefix, unique on the page.
        compact: The narrow drawing for a phone in place of the wide one.
        note: Words put beside the axis title.

    Returns:
        One SVG element.
    """
    width_px, height_px = (350, 320) if compact else (1040, 420)
    with Chart(key, width_px=width_px, height_px=height_px) as chart:
        right_px = 112 if compact else 138
        axes = chart.add_axes((40, 56, width_px - 40 - right_px, height_px - 56 - 12))
        styles = _choose_styles(curves, focus, reference)
        _set_limits(axes, curves, cost, full, compact=compact)
        _draw_levels(axes, full, levels, compact=compact)
        axes.set_xlabel(with_note(_TITLES[cost], note), labelpad=10)
        tooltips: dict[str, str] = {}
        # Those that matter are drawn over the others.
        for index, curve in reversed(list(enumerate(curves))):
            is_main = curve.strategy in (focus, reference)
            tooltips |= _draw_curve(
                axes, curve, cost, f"line-{index}", styles[index], is_main=is_main
            )
        _label_ends(axes, curves, [colour for colour, _ in styles], {focus, reference})
        return chart.to_svg(
            label=with_note(f"UAR by {_TITLES[cost]}", note),
            description="; ".join(_describe(curve.strategy, curve.end) for curve in curves) + ".",
            tooltips=tooltips,
        )


def _choose_styles(curves: Sequence[Curve], focus: str, reference: str) -> list[tuple[str, Dash]]:
    """Return colour and dash of each curve; no two of the first 18 are alike."""
    others = ((colour, dash) for dash, colour in product(_DASHES, _COLOURS))
    spare = ((MUTED, _DASHES[at % len(_DASHES)]) for at in count())
    chosen: list[tuple[str, Dash]] = []
    for curve in curves:
        if curve.strategy == focus:
            chosen.append((ACTIVE, "solid"))
        elif curve.strategy == reference:
            chosen.append((RANDOM, _DASHED))
        else:
            chosen.append(next(others, None) or next(spare))
    return chosen


def _set_limits(
    axes: Axes, curves: Sequence[Curve], cost: Cost, full: float, *, compact: bool
) -> None:
    points = [point for curve in curves for point in curve.points]
    known = [point.uar.value for point in points if not math.isnan(point.uar.value)]
    low, high = min([*known, full]), max([*known, full])
    pad = 0.05 * (high - low) or 0.05
    axes.set_ylim(max(0.0, low - pad), min(1.0, high + pad))
    places = [_place(point, cost) for point in points]
    aside = 0.02 * (max(places) - min(places)) or 1.0
    axes.set_xlim(min(places) - aside, max(places))
    axes.grid(axis="y")
    axes.tick_params(length=0, pad=7)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(4 if compact else 8, integer=cost == "votes"))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _write_place(value, cost)))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: format_score(value)))


def _draw_levels(axes: Axes, full: float, levels: Sequence[float], *, compact: bool) -> None:
    aside_px = 2.0
    for level in (*levels, 1.0):
        axes.axhline(level * full, color=MUTED, linewidth=1, linestyle=":")
        # A phone has room for the two lowest only; the rest would stand over the curves.
        if compact and aside_px > 2 * _LEVEL_PX:
            continue
        text = format_share(level) if level < 1 else "all true labels"
        # Side by side: the lines of 95 % and 99 % are nearer to each other than a line of text.
        axes.annotate(
            text,
            (0, level * full),
            xycoords=axes.get_yaxis_transform(),
            xytext=(aside_px, 3),
            textcoords="offset points",
            color=MUTED,
            fontsize=10.5,
            bbox={"facecolor": SURFACE, "edgecolor": "none", "pad": 1, "alpha": 0.8},
            zorder=5,
        )
        aside_px += _LEVEL_PX


def _draw_curve(
    axes: Axes, curve: Curve, cost: Cost, gid: str, style: tuple[str, Dash], *, is_main: bool
) -> dict[str, str]:
    colour, dash = style
    places = [_place(point, cost) for point in curve.points]
    scores = [point.uar.value for point in curve.points]
    width = 2.4 if is_main else 1.4
    axes.plot(places, scores, gid=gid, color=colour, linestyle=dash, linewidth=width)
    tooltips = {gid: f"At the end, {_describe(curve.strategy, curve.end)}"}
    if not is_main:
        return tooltips
    lows, highs = [p.uar.low for p in curve.points], [p.uar.high for p in curve.points]
    axes.fill_between(places, lows, highs, color=colour, alpha=0.16, linewidth=0)
    # Places to hover over; one at each of many points would only be weight.
    for at in range(0, len(places), math.ceil(len(places) / _MARKS)):
        mark = f"{gid}-{at}"
        axes.plot(
            [places[at]],
            [scores[at]],
            marker="o",
            markersize=6,
            color=colour,
            markeredgecolor=SURFACE,
            markeredgewidth=1.2,
            gid=mark,
        )
        tooltips[mark] = _describe(curve.strategy, curve.points[at])
    return tooltips


def _label_ends(
    axes: Axes, curves: Sequence[Curve], colours: Sequence[str], main: set[str]
) -> None:
    """Name the lines beside their ends, none over another."""
    low, high = axes.get_ylim()
    height_px = axes.bbox.height
    ends = [curve.end.uar.value for curve in curves]
    wanted = [(0.0 if math.isnan(end) else (end - low) / (high - low)) * height_px for end in ends]
    for at, place_px in enumerate(_spread(wanted, height_px)):
        axes.annotate(
            f"{shorten(curves[at].strategy, _NAME_LETTERS)} {format_score(ends[at])}",
            (1, place_px / height_px),
            xycoords="axes fraction",
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=colours[at],
            fontsize=11,
            fontweight="bold" if curves[at].strategy in main else "normal",
            annotation_clip=False,
        )


def _spread(wanted: Sequence[float], height_px: float) -> list[float]:
    """Move places upwards until no two are nearer than a line, then all down into sight."""
    places = list(wanted)
    order = sorted(range(len(wanted)), key=lambda at: wanted[at])
    for below, above in pairwise(order):
        places[above] = max(places[above], places[below] + _GAP_PX)
    top = height_px
    for at in reversed(order):
        places[at] = min(places[at], top)
        top = places[at] - _GAP_PX
    return places


def _place(point: CurvePoint, cost: Cost) -> float:
    return point.votes if cost == "votes" else point.hours


def _write_place(value: float, cost: Cost) -> str:
    return format_count(round(value)) if cost == "votes" else f"{value:g}"


def _describe(strategy: str, point: CurvePoint) -> str:
    return (
        f"{strategy}, {point.votes:,.0f} votes, {point.hours:,.1f} h: UAR "
        f"{write_estimate(point.uar)}"
    )
