"""Every annotator at a place: how well they hear, against how much they voted or lean."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from pipelines.report.charts.crowd import draw_crowd
from pipelines.report.charts.names import shorten, write_names
from pipelines.report.charts.svg import (
    ACTIVE,
    DIFFERS,
    MUTED,
    NOTE,
    RANDOM,
    SURFACE,
    Chart,
)
from pipelines.report.opinions.content import ADVICE, Advice, AnnotatorView
from pipelines.report.wording import (
    format_count,
    format_interval,
    format_quantity,
    format_score,
    format_share,
    with_note,
)

MOST_POINTS: Final = 150
"""Annotators above which those who raise no alarm are counted in squares."""

MOST_ALARMS: Final = 60
"""Points drawn over the squares."""

# Marker and colour say the same, for readers and printers that lose colours.
_MARKERS: Final[dict[Advice, str]] = {"trust": "o", "watch": "^", "retrain": "s", "exclude": "X"}
_COLOURS: Final[dict[Advice, str]] = {
    "trust": ACTIVE,
    "watch": NOTE,
    "retrain": RANDOM,
    "exclude": DIFFERS,
}
_ALARMS: Final = ("retrain", "exclude")
_MOST_NAMES: Final = 6
_NAME_LETTERS: Final = 18
_LOG_FROM: Final = 20
_EVEN_UNTIL: Final = 1.2
_SMALLEST_SPAN: Final = 0.2

Placed = list[AnnotatorView]


@dataclass(frozen=True, slots=True)
class _Across:
    """What runs across: where an annotator stands, and how the axis is named and numbered."""

    title: str
    place: Callable[[AnnotatorView], float]
    write: Callable[[float], str]
    is_log: bool = False


def split_crowd(annotators: Sequence[AnnotatorView]) -> tuple[Placed, Placed, int]:
    """Part those who get a point of their own from those who are counted in squares.

    Args:
        annotators: everybody, in any order.

    Returns:
        Those with a point, gravest advice first; the crowd; and how many have no place because
        none of their votes can be judged. Up to `MOST_POINTS` everybody has a point.
    """
    placed = [one for one in annotators if one.skill.is_known]
    placed.sort(key=lambda one: (-ADVICE.index(one.advice), -one.judged, one.annotator))
    lost = len(annotators) - len(placed)
    if len(placed) <= MOST_POINTS:
        return placed, [], lost
    alarming = [one for one in placed if one.advice in _ALARMS][:MOST_ALARMS]
    shown = {one.annotator for one in alarming}
    return alarming, [one for one in placed if one.annotator not in shown], lost


def draw_annotator_map(
    annotators: Sequence[AnnotatorView], *, key: str, compact: bool = False, note: str = ""
) -> str:
    """Draw skill against votes, marked by advice; a crowd as squares shaded by its size.

    Where all cast about equally many votes, their leaning takes the place of the votes.

    Args:
        annotators: at least one whose skill is known.
        key: id prefix, unique on the page.
        compact: the narrow drawing for a phone in place of the wide one.
        note: words put beside the axis title.

    Returns:
        One SVG element.
    """
    points, crowd, _ = split_crowd(annotators)
    width_px, height_px = (350, 330) if compact else (620, 400)
    with Chart(key, width_px=width_px, height_px=height_px) as chart:
        axes = chart.add_axes((46, 56, width_px - 46 - 12, height_px - 56 - 24))
        across = _choose_across([*points, *crowd])
        _set_limits(axes, points, crowd, across)
        typical = _typical([*points, *crowd])
        axes.axhline(typical, color=MUTED, linewidth=1, linestyle=":")
        tooltips = draw_crowd(axes, crowd)
        tooltips |= _draw_points(axes, points, across)
        if not crowd:
            _name_points(axes, points, across)
        _style_axes(axes, across)
        axes.set_xlabel(with_note(across.title, note), labelpad=10)
        axes.annotate(
            f"skill (dotted: average on the same clips, {format_score(typical)})",
            (0, 1),
            xycoords="axes fraction",
            xytext=(-36, 8),
            textcoords="offset points",
            color=MUTED,
        )
        return chart.to_svg(
            label=with_note("Annotator map", note),
            description=_describe(points, crowd),
            tooltips=tooltips,
        )


def _typical(placed: Sequence[AnnotatorView]) -> float:
    votes = sum(one.judged for one in placed)
    return sum(one.judged * one.typical for one in placed) / votes


def _choose_across(placed: Placed) -> _Across:
    votes = [one.judged for one in placed]
    least, most = max(min(votes), 1), max(votes)
    if len(placed) <= MOST_POINTS and len(placed) > 1 and most <= _EVEN_UNTIL * least:
        title = "leaning: share of votes moved to or from a class"
        return _Across(title, lambda one: abs(one.bias), format_share)
    return _Across(
        "votes that can be judged",
        lambda one: max(one.judged, 1),
        lambda value: format_count(round(value)),
        is_log=most > _LOG_FROM * least,
    )


def _set_limits(axes: Axes, points: Placed, crowd: Placed, across: _Across) -> None:
    # The intervals of a crowd are not drawn, so they need no room.
    lows = [one.skill.low for one in points] + [one.skill.value for one in crowd]
    highs = [one.skill.high for one in points] + [one.skill.value for one in crowd]
    low, high = min(lows), max(highs)
    spare = max(_SMALLEST_SPAN - (high - low), 0.0) / 2
    axes.set_ylim(max(low - spare - 0.03, -0.02), min(high + spare + 0.03, 1.02))
    places = [across.place(one) for one in (*points, *crowd)]
    least, most = min(places), max(places)
    if across.is_log:
        axes.set_xscale("log")
        axes.set_xlim(least / 1.35, most * 1.35)
    else:
        pad = max(0.06 * (most - least), 0.08 * most, 1e-3)
        axes.set_xlim(max(least - pad, 0), most + pad)


def _draw_points(axes: Axes, points: Placed, across: _Across) -> dict[str, str]:
    tooltips = {}
    faint = 0.55 if len(points) <= 30 else 0.28
    # The gravest last, so that none of them lies under others.
    for index, one in reversed(list(enumerate(points))):
        colour, gid = _COLOURS[one.advice], f"annotator-{index}"
        place = across.place(one)
        axes.vlines(place, one.skill.low, one.skill.high, color=colour, lw=1.4, alpha=faint)
        axes.plot(
            [place],
            [one.skill.value],
            marker=_MARKERS[one.advice],
            markersize=8 if one.advice != "trust" else 7,
            color=colour,
            markeredgecolor=SURFACE,
            markeredgewidth=0.9,
            gid=gid,
        )
        tooltips[gid] = (
            f"{one.annotator}: skill {format_score(one.skill.value)} "
            f"{format_interval(one.skill.low, one.skill.high)}, "
            f"{format_quantity(one.judged, 'vote')}, {one.advice}"
        )
    return tooltips


def _name_points(axes: Axes, points: Placed, across: _Across) -> None:
    alarming = [one for one in points if one.advice in _ALARMS]
    named = points if len(points) <= _MOST_NAMES else alarming[:_MOST_NAMES]
    places = [(across.place(one), one.skill.value) for one in named]
    write_names(axes, places, [shorten(one.annotator, _NAME_LETTERS) for one in named])


def _style_axes(axes: Axes, across: _Across) -> None:
    if across.is_log:
        low, high = axes.get_xlim()
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        ticks = [digit * 10.0**power for power in decades for digit in (1, 2, 5)]
        ticks = [tick for tick in ticks if tick >= 1]
        axes.xaxis.set_major_locator(FixedLocator(ticks))
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: across.write(value)))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: format_score(value)))
    axes.grid(axis="y")
    axes.tick_params(length=0, pad=7)
    axes.spines["left"].set_visible(False)


def _describe(points: Placed, crowd: Placed) -> str:
    placed = [*points, *crowd]
    counts = ", ".join(
        f"{sum(one.advice == advice for one in placed)} to {advice}" for advice in ADVICE
    )
    skills = sorted(one.skill.value for one in placed)
    return (
        f"{format_quantity(len(placed), 'annotator')}: {counts}. Skill from "
        f"{format_score(skills[0])} to {format_score(skills[-1])}; half of them have "
        f"{format_score(skills[len(skills) // 2])} or more."
    )
