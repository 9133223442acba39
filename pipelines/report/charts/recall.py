"""The recall of each class as a bar."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter

from pipelines.report.charts.svg import ACTIVE, INK, MUTED, Chart
from pipelines.report.content import ConfusionRows, class_recalls
from pipelines.report.headline import chance_level
from pipelines.report.wording import format_quantity, format_score, with_note


def draw_recalls(
    confusion: ConfusionRows, classes: Sequence[str], *, key: str, note: str = ""
) -> str:
    """Draw the recall of each class as a bar, with the chance level.

    Args:
        confusion: (C, C) counts, rows = truth.
        classes: C names.
        key: id prefix, unique on the page.
        note: words put beside the axis title.

    Returns:
        One SVG element.
    """
    left = 20 + 7 * max(len(name) for name in classes)
    width_px, height_px = 400, 66 + 34 * len(classes)
    recalls = class_recalls(confusion)
    with Chart(key, width_px=width_px, height_px=height_px) as chart:
        inset = (left, 56, width_px - left - 44, height_px - 66)
        axes = chart.add_axes(inset)
        axes.axvline(chance_level(len(classes)), color=MUTED, linewidth=1, linestyle=":")
        tooltips = {}
        for index, (recall, row) in enumerate(zip(recalls, confusion, strict=True)):
            text = _draw_recall(axes, index, recall, sum(row))
            tooltips[f"recall-{index}"] = f"{classes[index]}: {text}"
        _style_recall_axes(axes, classes)
        axes.set_xlabel(with_note("recall (dotted: chance)", note), labelpad=10)
        return chart.to_svg(
            label=with_note("Recall per class", note),
            description="; ".join(tooltips.values()) + ".",
            tooltips=tooltips,
        )


def _draw_recall(axes: Axes, index: int, recall: float | None, clips: int) -> str:
    if recall is None:
        axes.text(0.01, index, "no test clips", va="center", color=MUTED)
        return "no test clips"
    bar = Rectangle((0, index - 0.31), recall, 0.62, color=ACTIVE, lw=0)
    bar.set_gid(f"recall-{index}")
    axes.add_patch(bar)
    axes.text(1.02, index, format_score(recall), va="center", fontweight="bold", clip_on=False)
    return f"recall {format_score(recall)} on {format_quantity(clips, 'test clip')}"


def _style_recall_axes(axes: Axes, classes: Sequence[str]) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(len(classes) - 0.5, -0.5)
    axes.set_yticks(range(len(classes)), [*classes])
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: format_score(value)))
    axes.grid(axis="x")
    axes.tick_params(length=0, pad=7)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_visible(False)
