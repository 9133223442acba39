"""Agreement round by round, or from one stretch of time to the next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pipelines.report.charts.names import shorten
from pipelines.report.charts.svg import ACTIVE, INK, MUTED, SURFACE, Chart
from pipelines.report.opinions.content import AgreementStep, Estimate
from pipelines.report.wording import format_interval, format_quantity, format_score, with_note

_LETTER_PX: Final = 7
_NAME_LETTERS: Final = 16
_TILT_DEGREES: Final = 42
_SMALLEST_SPAN: Final = 0.2


def draw_agreement(
    steps: Sequence[AgreementStep],
    overall: Estimate,
    *,
    key: str,
    compact: bool = False,
    note: str = "",
) -> str:
    """Draw alpha of each step with its interval, and that of all votes as a line.

    Args:
        steps: in order; at least one whose alpha is known.
        overall: alpha of all votes.
        key: id prefix, unique on the page.
        compact: the narrow drawing for a phone in place of the wide one.
        note: words put beside the axis title.

    Returns:
        One SVG element.
    """
    longest = max(len(shorten(step.name, _NAME_LETTERS)) for step in steps)
    bottom = 24 + int(_LETTER_PX * longest * math.sin(math.radians(_TILT_DEGREES)))
    width_px, height_px = (350, 220 + bottom) if compact else (620, 230 + bottom)
    with Chart(key, width_px=width_px, height_px=height_px) as chart:
        axes = chart.add_axes((56, bottom, width_px - 56 - 60, height_px - bottom - 28))
        _set_limits(axes, steps, overall)
        tooltips = _draw_steps(axes, steps)
        if overall.is_known:
            axes.axhline(overall.value, color=MUTED, linewidth=1, linestyle=":")
            axes.annotate(
                f"all {format_score(overall.value)}",
                (1, overall.value),
                xycoords=axes.get_yaxis_transform(),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                color=MUTED,
                annotation_clip=False,
            )
        _style_axes(axes, steps, most_names=7 if compact else 14)
        axes.annotate(
            with_note("Krippendorff’s α", note),
            (0, 1),
            xycoords="axes fraction",
            xytext=(-46, 10),
            textcoords="offset points",
            color=MUTED,
        )
        return chart.to_svg(
            label=with_note("Agreement over time", note),
            description="; ".join(tooltips.values()) + ".",
            tooltips=tooltips,
        )


def _set_limits(axes: Axes, steps: Sequence[AgreementStep], overall: Estimate) -> None:
    found = [step.alpha for step in steps] + [overall]
    ends = [end for one in found for end in (one.low, one.value, one.high) if math.isfinite(end)]
    low, high = min(ends), max(ends)
    # A small change must not fill the chart and look like a large one.
    spare = max(_SMALLEST_SPAN - (high - low), 0.0) / 2
    axes.set_ylim(low - spare - 0.02, min(high + spare + 0.02, 1.02))
    axes.set_xlim(-0.5, len(steps) - 0.5)


def _draw_steps(axes: Axes, steps: Sequence[AgreementStep]) -> dict[str, str]:
    known = [(place, step.alpha) for place, step in enumerate(steps) if step.alpha.is_known]
    axes.plot(
        [place for place, _ in known],
        [alpha.value for _, alpha in known],
        color=ACTIVE,
        linewidth=1.6,
        alpha=0.6,
    )
    for place, alpha in known:
        if math.isfinite(alpha.low):
            axes.vlines(place, alpha.low, alpha.high, color=ACTIVE, linewidth=2, alpha=0.5)
        axes.plot(
            [place],
            [alpha.value],
            marker="o",
            markersize=7,
            color=ACTIVE,
            markeredgecolor=SURFACE,
            markeredgewidth=1.2,
            gid=f"step-{place}",
        )
    return {f"step-{place}": _describe(step) for place, step in enumerate(steps)}


def _describe(step: AgreementStep) -> str:
    shown = f"{format_score(step.alpha.value)} {format_interval(step.alpha.low, step.alpha.high)}"
    return f"{step.span}: α {shown} on {format_quantity(step.clips, 'clip')}"


def _style_axes(axes: Axes, steps: Sequence[AgreementStep], *, most_names: int) -> None:
    named = range(0, len(steps), math.ceil(len(steps) / most_names))
    axes.set_xticks(
        named,
        [shorten(steps[place].name, _NAME_LETTERS) for place in named],
        rotation=_TILT_DEGREES,
        ha="right",
        va="center",
        rotation_mode="anchor",
    )
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: format_score(value)))
    axes.grid(axis="y")
    axes.tick_params(length=0, pad=7)
    axes.tick_params(axis="x", labelcolor=INK)
    axes.spines["left"].set_visible(False)
