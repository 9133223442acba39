"""How right a model is about the clips it is surest of."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.ticker import FuncFormatter

from pipelines.report.charts.svg import ACTIVE, SURFACE, Chart
from pipelines.report.model.content import SelectiveView
from pipelines.report.wording import format_interval, format_score, with_note

_WIDTH_PX, _HEIGHT_PX = 400, 250


def draw_selective(curve: Sequence[SelectiveView], *, key: str, note: str = "") -> str:
    """Draw accuracy over the share of clips answered, with its interval.

    Args:
        curve: by share answered, ascending, at least two.
        key: id prefix, unique on the page.
        note: words put beside the axis title.

    Returns:
        One SVG element.
    """
    answered = [point.answered for point in curve]
    with Chart(key, width_px=_WIDTH_PX, height_px=_HEIGHT_PX) as chart:
        axes = chart.add_axes((56, 54, _WIDTH_PX - 56 - 20, _HEIGHT_PX - 70))
        low, high = [point.low for point in curve], [point.high for point in curve]
        axes.fill_between(answered, low, high, color=ACTIVE, alpha=0.18, lw=0)
        axes.plot(answered, [point.accuracy for point in curve], color=ACTIVE, linewidth=2)
        tooltips = {}
        for index, point in enumerate(curve):
            mark = f"answered-{index}"
            axes.plot(
                [point.answered], [point.accuracy], "o", ms=6, color=ACTIVE, mec=SURFACE, gid=mark
            )
            tooltips[mark] = _say(point)
        axes.set_xlim(0, 1.02)
        axes.set_ylim(min(0.5, *(of.accuracy for of in curve)) - 0.03, 1.03)
        axes.grid(axis="y")
        axes.tick_params(length=0, pad=7)
        axes.spines["left"].set_visible(False)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: format_score(value)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
        axes.set_ylabel("right", labelpad=8)
        axes.set_xlabel(with_note("clips answered, the surest first", note), labelpad=8)
        return chart.to_svg(
            label=with_note("Accuracy of the clips answered", note),
            description="; ".join(_say(point) for point in (curve[0], curve[-1])) + ".",
            tooltips=tooltips,
        )


def _say(point: SelectiveView) -> str:
    interval = format_interval(point.low, point.high)
    return f"{point.answered:.0%} answered: {format_score(point.accuracy)} {interval} right"
