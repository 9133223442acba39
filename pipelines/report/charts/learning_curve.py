"""UAR against votes for both arms, with their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pipelines.report.charts.svg import ACTIVE, MUTED, RANDOM, SURFACE, Chart
from pipelines.report.content import Arm, CurvePoint
from pipelines.report.headline import chance_level
from pipelines.report.wording import (
    format_count,
    format_interval,
    format_quantity,
    format_score,
    with_note,
)

ARMS: Final[tuple[Arm, ...]] = ("active", "random")
_COLOURS: Final = {"active": ACTIVE, "random": RANDOM}
# Marker and dash repeat what the colour says, for readers and printers that lose it.
_MARKERS: Final = {"active": "o", "random": "s"}
_DASHES: Final[dict[Arm, str | tuple[float, tuple[float, ...]]]] = {
    "active": "solid",
    "random": (0, (5, 2.5)),
}
_LABEL_GAP_PX: Final = 16.0


def draw_learning_curve(
    points: Sequence[CurvePoint],
    *,
    n_classes: int,
    key: str,
    compact: bool = False,
    note: str = "",
) -> str:
    """Draw UAR against votes for both arms, with their intervals as bands.

    Args:
        points: at least one point of either arm.
        n_classes: C, which sets the chance line.
        key: id prefix, unique on the page.
        compact: the narrow drawing for a phone in place of the wide one.
        note: words put beside the axis title, such as `synthetic speech`.

    Returns:
        One SVG element.
    """
    width_px, height_px = (350, 290) if compact else (620, 340)
    with Chart(key, width_px=width_px, height_px=height_px) as chart:
        inset = (46, 56, width_px - 46 - 86, height_px - 56 - 12)
        axes = chart.add_axes(inset)
        arms = {arm: _sort_points(points, arm) for arm in ARMS}
        bounds = [score for p in points for score in (p.uar, p.uar_low, p.uar_high)]
        votes = [point.votes for point in points]
        set_curve_limits(axes, votes, bounds, chance_level(n_classes))
        style_curve_axes(axes, votes, chance_level(n_classes), compact=compact)
        axes.set_xlabel(with_note("votes", note), labelpad=10)
        tooltips: dict[str, str] = {}
        for arm in reversed(ARMS):
            tooltips |= _draw_arm(axes, arm, arms[arm])
        ends = [arms[arm][-1] for arm in reversed(ARMS) if arms[arm]]
        label_ends(
            axes,
            [(p.uar, f"{p.arm} {format_score(p.uar)}", _COLOURS[p.arm]) for p in ends],
            chance_level(n_classes),
        )
        return chart.to_svg(
            label=with_note("Learning curve", note),
            description="; ".join(tooltips.values()) + ".",
            tooltips=tooltips,
        )


def set_curve_limits(
    axes: Axes, votes: Sequence[int], scores: Sequence[float], chance: float
) -> None:
    """Leave room for every point, its interval and the chance line.

    Args:
        axes: the axes.
        votes: votes of the points, at least one.
        scores: UAR of the points and their interval ends; NaN where undefined.
        chance: UAR of guessing.
    """
    bounds = [score for score in scores if not math.isnan(score)]
    low, high = min([*bounds, chance]), max([*bounds, chance + 0.1])
    axes.set_ylim(max(0.0, low - 0.04), min(1.0, high + 0.04))
    pad = 0.04 * (max(votes) - min(votes)) or 1.0
    axes.set_xlim(min(votes) - pad, max(votes) + pad)


def style_curve_axes(axes: Axes, votes: Sequence[int], chance: float, *, compact: bool) -> None:
    """Draw grid, ticks and chance line as on every curve over votes.

    Args:
        axes: the axes.
        votes: votes of the points, at least one.
        chance: UAR of guessing.
        compact: whether the drawing is the narrow one.
    """
    axes.grid(axis="y")
    axes.tick_params(length=0, pad=7)
    axes.spines["left"].set_visible(False)
    if len(set(votes)) == 1:
        axes.set_xticks(votes[:1])
    else:
        axes.xaxis.set_major_locator(MaxNLocator(4 if compact else 7, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: format_count(round(value))))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: format_score(value)))
    axes.axhline(chance, color=MUTED, linewidth=1, linestyle=":")


def _draw_arm(axes: Axes, arm: Arm, points: Sequence[CurvePoint]) -> dict[str, str]:
    colour = _COLOURS[arm]
    # A lone point has no band; its bar steps aside so that two arms stay apart.
    aside = {"active": -0.015, "random": 0.015}[arm] if len(points) == 1 else 0.0
    left, right = axes.get_xlim()
    votes = [point.votes + aside * (right - left) for point in points]
    lows, highs = [p.uar_low for p in points], [p.uar_high for p in points]
    if len(points) == 1:
        axes.vlines(votes, lows, highs, color=colour, linewidth=2, alpha=0.5)
    else:
        axes.fill_between(votes, lows, highs, color=colour, alpha=0.16, linewidth=0)
    axes.plot(votes, [p.uar for p in points], color=colour, linewidth=2.2, linestyle=_DASHES[arm])
    tooltips = {}
    for index, (x, point) in enumerate(zip(votes, points, strict=True)):
        if math.isnan(point.uar):
            continue
        gid = f"{arm}-{index}"
        axes.plot(
            [x],
            [point.uar],
            marker=_MARKERS[arm],
            markersize=7,
            color=colour,
            markeredgecolor=SURFACE,
            markeredgewidth=1.2,
            gid=gid,
        )
        tooltips[gid] = (
            f"Round {point.round}, {arm} arm, {format_quantity(point.votes, 'vote')}: UAR "
            f"{format_score(point.uar)} {format_interval(point.uar_low, point.uar_high)}"
        )
    return tooltips


def label_ends(axes: Axes, ends: Sequence[tuple[float, str, str]], chance: float) -> None:
    """Name the lines at their ends and the chance line, none over another.

    Args:
        axes: axes whose limits are set.
        ends: UAR, name and colour of each line; a line that ends in NaN has no name.
        chance: UAR of guessing.
    """
    labels = {f"chance {format_score(chance)}": (chance, MUTED, "normal")}
    labels |= {name: (uar, colour, "bold") for uar, name, colour in ends if not math.isnan(uar)}
    low, high = axes.get_ylim()
    height_px = axes.bbox.height
    places = _spread([(uar - low) / (high - low) * height_px for uar, _, _ in labels.values()])
    for place_px, (text, (_, colour, weight)) in zip(places, labels.items(), strict=True):
        axes.annotate(
            text,
            (1, place_px / height_px),
            xycoords="axes fraction",
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=colour,
            fontweight=weight,
            annotation_clip=False,
        )


def _spread(places_px: Sequence[float]) -> list[float]:
    # Isotonic regression of the places minus their minimal offsets: the least squared movement
    # that keeps the order and leaves the gap between neighbours.
    order = sorted(range(len(places_px)), key=lambda index: places_px[index])
    blocks: list[tuple[float, int]] = []
    for rank, index in enumerate(order):
        mean, size = places_px[index] - rank * _LABEL_GAP_PX, 1
        while blocks and blocks[-1][0] > mean:
            below, below_size = blocks.pop()
            mean = (mean * size + below * below_size) / (size + below_size)
            size += below_size
        blocks.append((mean, size))
    fitted = [mean for mean, size in blocks for _ in range(size)]
    moved = [0.0] * len(order)
    for rank, index in enumerate(order):
        moved[index] = fitted[rank] + rank * _LABEL_GAP_PX
    return moved


def _sort_points(points: Sequence[CurvePoint], arm: Arm) -> list[CurvePoint]:
    return sorted((p for p in points if p.arm == arm), key=lambda p: (p.votes, p.round))
