"""Confusion as a heat map: of a model in counts, of people in shares."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from pipelines.report.charts.svg import HEAT, INK, MUTED, OFF_HEAT, ON_HEAT, Chart
from pipelines.report.content import ConfusionRows, largest_confusions
from pipelines.report.wording import format_score, format_share, with_note

FAINTEST: Final = 0.04
# From this share on a cell is dark enough (on a dark page: light enough) to need the opposite
# ink: the two contrasts cross here for the page's colours, both at 4.5 or more.
HEAT_TURN: Final = 0.70

# The width of a letter and the tilt of the column names, which set the room the names get.
_LETTER_PX: Final = 7
_TILT_DEGREES: Final = 42
_SLOPE: Final = math.sin(math.radians(_TILT_DEGREES))


@dataclass(frozen=True, slots=True)
class _Cell:
    """One cell: its shade in [0, 1], its number, and what hovering tells."""

    share: float
    text: str
    tip: str


def draw_confusion(
    confusion: ConfusionRows, classes: Sequence[str], *, key: str, truth: str, note: str = ""
) -> str:
    """Draw counts in cells shaded by their share of the true class.

    Args:
        confusion: (C, C) counts, rows = truth.
        classes: C names.
        key: id prefix, unique on the page.
        truth: where the true labels come from, for the axis title.
        note: words put beside the axis title.

    Returns:
        One SVG element.
    """
    cells = [
        [_count_cell(classes[i], classes[j], said, sum(row)) for j, said in enumerate(row)]
        for i, row in enumerate(confusion)
    ]
    return _draw_cells(
        cells,
        classes,
        key=key,
        axes_titles=(with_note("model says", note), truth),
        label=with_note("Confusion matrix", note),
        description=_describe_confusion(confusion, classes),
    )


def draw_shares(
    shares: Sequence[Sequence[float]],
    classes: Sequence[str],
    *,
    key: str,
    truth: str,
    title: str,
    said: str = "people say",
    note: str = "",
) -> str:
    """Draw how the votes on each class spread over the classes.

    Args:
        shares: (C, C), rows = truth, each summing to 1; NaN in a row nothing is known of.
        classes: C names.
        key: id prefix, unique on the page.
        truth: what the rows are, for the axis title.
        title: whose votes, for who cannot see the drawing.
        said: what the columns are, for the axis title.
        note: words put beside the axis title.

    Returns:
        One SVG element.
    """
    cells = [
        [_share_cell(classes[i], classes[j], share) for j, share in enumerate(row)]
        for i, row in enumerate(shares)
    ]
    return _draw_cells(
        cells,
        classes,
        key=key,
        axes_titles=(with_note(said, note), truth),
        label=with_note(f"Confusion of {title}", note),
        description=_describe_shares(shares, classes),
    )


def _draw_cells(
    cells: Sequence[Sequence[_Cell]],
    classes: Sequence[str],
    *,
    key: str,
    axes_titles: tuple[str, str],
    label: str,
    description: str,
) -> str:
    longest = max(len(name) for name in classes)
    left, bottom = 38 + _LETTER_PX * longest, 44 + int(_LETTER_PX * longest * _SLOPE)
    cell = max(36, 290 // len(classes))
    side = cell * len(classes)
    width_px, height_px = left + side + 8, bottom + side + 6
    with Chart(key, width_px=width_px, height_px=height_px) as chart:
        axes = chart.add_axes((left, bottom, side, side))
        tooltips = _fill_cells(axes, cells)
        _style_confusion_axes(axes, classes)
        axes.set_xlabel(axes_titles[0])
        axes.xaxis.set_label_coords(0.5, (18 - bottom) / side)
        axes.set_ylabel(axes_titles[1])
        axes.yaxis.set_label_coords((14 - left) / side, 0.5)
        return chart.to_svg(label=label, description=description, tooltips=tooltips)


def _count_cell(truth: str, answer: str, said: int, total: int) -> _Cell:
    share = said / total if total else 0.0
    of_all = f" ({format_share(share)})" if total else ""
    tip = f"{truth} said to be {answer}: {said} of {total}{of_all}"
    return _Cell(share, str(said) if total else "–", tip)


def _share_cell(truth: str, answer: str, share: float) -> _Cell:
    if math.isnan(share):
        return _Cell(0.0, "–", f"{truth} said to be {answer}: not known")
    tip = f"{truth} said to be {answer}: {format_share(share)}"
    return _Cell(share, format_score(share), tip)


def _fill_cells(axes: Axes, cells: Sequence[Sequence[_Cell]]) -> dict[str, str]:
    tooltips = {}
    for i, row in enumerate(cells):
        for j, shown in enumerate(row):
            cell = Rectangle((j + 0.03, i + 0.03), 0.94, 0.94, facecolor=HEAT, lw=0)
            cell.set_alpha(FAINTEST + (1 - FAINTEST) * shown.share)
            cell.set_gid(f"cell-{i}-{j}")
            axes.add_patch(cell)
            axes.text(
                j + 0.5,
                i + 0.53,
                shown.text,
                ha="center",
                va="center",
                color=_choose_ink(shown.share),
                fontweight="bold" if i == j else "normal",
            )
            tooltips[f"cell-{i}-{j}"] = shown.tip
    return tooltips


def _choose_ink(share: float) -> str:
    if share == 0:
        return MUTED
    return ON_HEAT if share >= HEAT_TURN else OFF_HEAT


def _style_confusion_axes(axes: Axes, classes: Sequence[str]) -> None:
    axes.set_xlim(0, len(classes))
    axes.set_ylim(len(classes), 0)
    centres = [index + 0.5 for index in range(len(classes))]
    axes.set_xticks(
        centres, [*classes], rotation=_TILT_DEGREES, ha="right", va="center", rotation_mode="anchor"
    )
    axes.set_yticks(centres, [*classes])
    axes.tick_params(length=0, pad=6, labelcolor=INK)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _describe_confusion(confusion: ConfusionRows, classes: Sequence[str]) -> str:
    worst = largest_confusions(confusion, classes, count=3)
    if not worst:
        return "No clip is confused with another class."
    return "Largest confusions: " + "; ".join(
        f"{truth} said to be {said}, {clips} of {total}" for truth, said, clips, total in worst
    )


def _describe_shares(shares: Sequence[Sequence[float]], classes: Sequence[str]) -> str:
    wrong = [
        (share, classes[i], classes[j])
        for i, row in enumerate(shares)
        for j, share in enumerate(row)
        if i != j and share > 0
    ]
    if not wrong:
        return "No class is confused with another."
    worst = sorted(wrong, key=lambda cell: -cell[0])[:3]
    return "Largest confusions: " + "; ".join(
        f"{truth} said to be {said}, {format_share(share)}" for share, truth, said in worst
    )
