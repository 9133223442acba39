"""How long, how loud, how clean, and by whom: one chart each per corpus."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pipelines.report.charts.confusion import FAINTEST, HEAT_TURN
from pipelines.report.charts.svg import (
    ACTIVE,
    HEAT,
    INK,
    MUTED,
    OFF_HEAT,
    ON_HEAT,
    Chart,
)
from pipelines.report.quality.content import CorpusProfile, SpeakerRow
from pipelines.report.wording import MINUS, format_count, format_quantity, with_note

WIDTH_PX: Final = 440
_LETTER_PX: Final = 7
_NAME_LETTERS: Final = 14
_TILT_DEGREES: Final = 42
_ROW_PX: Final = 19


def draw_durations(profile: CorpusProfile, *, key: str, note: str = "") -> str:
    """Draw how many clips are how long.

    Args:
        profile: the corpus, with at least one step of durations.
        key: id prefix, unique on the page.
        note: words put beside the axis title.

    Returns:
        One SVG element.
    """
    height_px = 210
    with Chart(key, width_px=WIDTH_PX, height_px=height_px) as chart:
        axes = chart.add_axes((46, 50, WIDTH_PX - 46 - 10, height_px - 50 - 12))
        tooltips = {}
        for index, (low, high, clips) in enumerate(profile.durations):
            gap = 0.06 * (high - low)
            bar = Rectangle((low + gap, 0), high - low - 2 * gap, clips, color=ACTIVE, lw=0)
            bar.set_gid(f"bar-{index}")
            axes.add_patch(bar)
            tooltips[f"bar-{index}"] = (
                f"{low:.2f} to {high:.2f} s: {format_quantity(clips, 'clip')}"
            )
        axes.set_xlim(profile.durations[0][0], profile.durations[-1][1])
        axes.set_ylim(0, 1.06 * max(clips for _, _, clips in profile.durations))
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: format_count(round(value))))
        axes.grid(axis="y")
        axes.tick_params(length=0, pad=7)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(with_note("seconds of speech", note), labelpad=8)
        axes.set_ylabel("clips")
        return chart.to_svg(
            label=with_note("Clips by seconds of speech", note),
            description="; ".join(tooltips.values()) + ".",
            tooltips=tooltips,
        )


def draw_levels(profile: CorpusProfile, *, snr_low_db: float, key: str, note: str = "") -> str:
    """Draw how many clips are how loud and how clean, in squares shaded by their clips.

    Clips without a ratio stand in a column of their own at the left.

    Args:
        profile: the corpus, with at least one square of levels.
        snr_low_db: where to mark noisy clips.
        key: id prefix, unique on the page.
        note: words put beside the axis title.

    Returns:
        One SVG element.
    """
    height_px, step = 280, profile.level_step_db
    ratios = [snr for _, snr, _ in profile.levels if snr is not None]
    left = min([*ratios, 0.0])
    right = max([*ratios, snr_low_db]) + step
    aside = left - 2 * step
    bottom = min(level for level, _, _ in profile.levels)
    top = max(level for level, _, _ in profile.levels) + step
    most = max(clips for _, _, clips in profile.levels)
    with Chart(key, width_px=WIDTH_PX, height_px=height_px) as chart:
        axes = chart.add_axes((46, 50, WIDTH_PX - 46 - 10, height_px - 50 - 26))
        tooltips = {}
        for index, (level, snr, clips) in enumerate(profile.levels):
            place = (aside if snr is None else snr, level)
            # Counts differ by orders of magnitude; the root keeps lone clips in sight.
            shade = FAINTEST + (1 - FAINTEST) * math.sqrt(clips / most)
            square = Rectangle(place, step, step, facecolor=HEAT, alpha=max(shade, 0.15), lw=0)
            square.set_gid(f"square-{index}")
            axes.add_patch(square)
            tooltips[f"square-{index}"] = _describe_square(level, snr, clips, step)
        axes.set_xlim(aside, right)
        axes.set_ylim(bottom, top)
        _style_level_axes(axes, left, right, aside + step / 2)
        _mark_noise(axes, snr_low_db)
        axes.set_xlabel(with_note("signal-to-noise ratio, dB", note), labelpad=8)
        axes.set_ylabel("level, dBFS")
        return chart.to_svg(
            label=with_note("Clips by level and signal-to-noise ratio", note),
            description=_describe_levels(profile, snr_low_db),
            tooltips=tooltips,
        )


def _describe_square(level: float, snr: float | None, clips: int, step: float) -> str:
    levels = f"{level:g} to {level + step:g} dBFS".replace("-", MINUS)
    ratio = "ratio unknown" if snr is None else f"{snr:g} to {snr + step:g} dB over noise"
    return f"{levels}, {ratio}: {format_quantity(clips, 'clip')}"


def _describe_levels(profile: CorpusProfile, snr_low_db: float) -> str:
    unknown = sum(clips for _, snr, clips in profile.levels if snr is None)
    noisy = sum(clips for _, snr, clips in profile.levels if snr is not None and snr < snr_low_db)
    return (
        f"{format_quantity(noisy, 'clip')} in squares below {snr_low_db:g} dB over noise; "
        f"{format_quantity(unknown, 'clip')} of unknown ratio."
    )


def _style_level_axes(axes: Axes, left: float, right: float, aside: float) -> None:
    ticks = [tick for tick in MaxNLocator(6).tick_values(left, right) if left <= tick <= right]
    axes.set_xticks([aside, *ticks], ["n/a", *(f"{tick:g}".replace("-", MINUS) for tick in ticks)])
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", MINUS)))
    axes.grid(axis="y")
    axes.tick_params(length=0, pad=7)
    axes.spines["left"].set_visible(False)


def _mark_noise(axes: Axes, snr_low_db: float) -> None:
    axes.axvline(snr_low_db, color=MUTED, linewidth=1, linestyle=":")
    axes.annotate(
        "noisy",
        (snr_low_db, 1),
        xycoords=axes.get_xaxis_transform(),
        xytext=(0, 7),
        textcoords="offset points",
        ha="right",
        color=MUTED,
        annotation_clip=False,
    )


def draw_balance(profile: CorpusProfile, *, key: str, note: str = "") -> str:
    """Draw the clips of every speaker by class, speakers grouped by gender.

    Args:
        profile: the corpus, with at least one speaker and one class.
        key: id prefix, unique on the page.
        note: words put beside the axis title.

    Returns:
        One SVG element.
    """
    groups = [
        (gender, list(rows)) for gender, rows in groupby(profile.balance, lambda row: row.gender)
    ]
    lines = len(profile.balance) + len(groups)
    names = [_shorten(row.speaker) for row in profile.balance]
    longest = max(len(_shorten(name)) for name in profile.classes)
    left = 16 + _LETTER_PX * max(len(name) for name in names)
    bottom = 40 + int(_LETTER_PX * longest * math.sin(math.radians(_TILT_DEGREES)))
    height_px = bottom + _ROW_PX * lines + 4
    with Chart(key, width_px=WIDTH_PX, height_px=height_px) as chart:
        axes = chart.add_axes((left, bottom, WIDTH_PX - left - 4, _ROW_PX * lines))
        tooltips = _fill_balance(axes, profile, groups)
        axes.set_xlim(0, len(profile.classes))
        axes.set_ylim(lines, 0)
        _style_balance_axes(axes, profile.classes)
        axes.set_xlabel(with_note("clips by class", note))
        axes.xaxis.set_label_coords(0.5, (16 - bottom) / (_ROW_PX * lines))
        return chart.to_svg(
            label=with_note("Clips by speaker, gender and class", note),
            description=_describe_balance(profile),
            tooltips=tooltips,
        )


def _fill_balance(
    axes: Axes, profile: CorpusProfile, groups: Sequence[tuple[str | None, list[SpeakerRow]]]
) -> dict[str, str]:
    most = max(clips for row in profile.balance for clips in row.clips)
    tooltips, line, ticks = {}, 0, []
    for gender, rows in groups:
        axes.text(0.06, line + 0.55, gender or "gender not stated", va="center", color=MUTED)
        line += 1
        for row in rows:
            ticks.append((line + 0.5, _shorten(row.speaker)))
            for column, clips in enumerate(row.clips):
                gid = f"cell-{line}-{column}"
                _fill_cell(axes, gid, (column, line), clips, clips / most)
                tooltips[gid] = (
                    f"{row.speaker}, {profile.classes[column]}: {format_quantity(clips, 'clip')}"
                )
            line += 1
    axes.set_yticks([place for place, _ in ticks], [name for _, name in ticks])
    return tooltips


def _fill_cell(axes: Axes, gid: str, place: tuple[int, int], clips: int, share: float) -> None:
    column, line = place
    cell = Rectangle((column + 0.02, line + 0.05), 0.96, 0.9, facecolor=HEAT, lw=0)
    cell.set_alpha(FAINTEST + (1 - FAINTEST) * share)
    cell.set_gid(gid)
    axes.add_patch(cell)
    ink = ON_HEAT if share >= HEAT_TURN else OFF_HEAT
    axes.text(
        column + 0.5,
        line + 0.55,
        format_count(clips) if clips else "·",
        ha="center",
        va="center",
        color=ink if clips else MUTED,
        fontsize=11,
    )


def _style_balance_axes(axes: Axes, classes: Sequence[str]) -> None:
    centres = [index + 0.5 for index in range(len(classes))]
    axes.set_xticks(
        centres,
        [_shorten(name) for name in classes],
        rotation=_TILT_DEGREES,
        ha="right",
        va="center",
        rotation_mode="anchor",
    )
    axes.tick_params(length=0, pad=6, labelcolor=INK)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _describe_balance(profile: CorpusProfile) -> str:
    empty = sum(clips == 0 for row in profile.balance for clips in row.clips)
    speakers = format_quantity(len(profile.balance), "speaker")
    return (
        f"{speakers} by {len(profile.classes)} classes: "
        f"{format_quantity(empty, 'cell')} without a clip."
    )


def _shorten(name: str) -> str:
    return name if len(name) <= _NAME_LETTERS else name[: _NAME_LETTERS - 1] + "…"
