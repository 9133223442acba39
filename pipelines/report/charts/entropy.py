"""How many clips have votes of which entropy."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pipelines.report.charts.svg import MUTED, Chart
from pipelines.report.wording import format_count, with_note


def draw_entropy(
    counts: Sequence[int], edges: Sequence[float], *, n_classes: int, key: str, note: str = ""
) -> str:
    """Draw how many clips have votes of which entropy.

    Args:
        counts: H clips per bin.
        edges: H + 1 bin edges in nats, ascending.
        n_classes: C; ln C is the entropy of no agreement at all.
        key: id prefix, unique on the page.
        note: words put beside the axis title.

    Returns:
        One SVG element.
    """
    width_px, height_px = 400, 270
    top = math.log(n_classes)
    with Chart(key, width_px=width_px, height_px=height_px) as chart:
        axes = chart.add_axes((46, 56, width_px - 46 - 14, height_px - 56 - 26))
        tooltips = {}
        for index, count in enumerate(counts):
            low, high = edges[index], edges[index + 1]
            gap = 0.06 * (high - low)
            bar = Rectangle((low + gap, 0), high - low - 2 * gap, count, color=MUTED, lw=0)
            bar.set_gid(f"bin-{index}")
            axes.add_patch(bar)
            tooltips[f"bin-{index}"] = f"{low:.2f} to {high:.2f} nats: {format_count(count)}"
        _style_entropy_axes(axes, max([*counts, 1]), max(edges[-1], top), top)
        axes.set_xlabel(with_note("entropy of the votes, nats", note), labelpad=10)
        axes.set_ylabel("clips", rotation_mode="anchor")
        return chart.to_svg(
            label=with_note("Entropy histogram", note),
            description="Clips per bin: " + "; ".join(tooltips.values()) + ".",
            tooltips=tooltips,
        )


def _style_entropy_axes(axes: Axes, tallest: int, right: float, top: float) -> None:
    axes.set_xlim(0, right * 1.02)
    axes.set_ylim(0, tallest * 1.06)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: format_count(round(value))))
    axes.grid(axis="y")
    axes.tick_params(length=0, pad=7)
    axes.spines["left"].set_visible(False)
    axes.axvline(top, color=MUTED, linewidth=1, linestyle=":")
    axes.annotate(
        "no agreement",
        (top, 1),
        xycoords=axes.get_xaxis_transform(),
        xytext=(0, 7),
        textcoords="offset points",
        ha="right",
        color=MUTED,
        annotation_clip=False,
    )
