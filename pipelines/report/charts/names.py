"""Names beside points, none over another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from matplotlib.axes import Axes

from pipelines.report.charts.svg import INK

_LETTER_PX: Final = 7
_LINE_PX: Final = 15
_ASIDE_PX: Final = 10


def shorten(name: str, letters: int) -> str:
    """Cut a name that is longer than a drawing has room for.

    Args:
        name: the name.
        letters: most letters, the ellipsis among them.

    Example:
        >>> shorten("annotator-0042", 10)
        'annotator…'
    """
    return name if len(name) <= letters else name[: letters - 1] + "…"


def write_names(axes: Axes, places: Sequence[tuple[float, float]], names: Sequence[str]) -> None:
    """Write each name beside its point, a line higher or lower where another stands already.

    Args:
        axes: axes whose limits are set.
        places: points in data coordinates.
        names: as many names, those that matter most first.
    """
    width, height = axes.bbox.width, axes.bbox.height
    taken: list[tuple[float, float, float]] = []
    for place, name in zip(places, names, strict=True):
        x, y = axes.transAxes.inverted().transform(axes.transData.transform(place))
        length = _LETTER_PX * len(name)
        is_left = x * width + _ASIDE_PX + length > width
        start = x * width - _ASIDE_PX - length if is_left else x * width + _ASIDE_PX
        level = _free_level(taken, start, y * height, length)
        taken.append((start, level, length))
        axes.annotate(
            name,
            (x, level / height),
            xycoords="axes fraction",
            xytext=(-_ASIDE_PX if is_left else _ASIDE_PX, 0),
            textcoords="offset points",
            ha="right" if is_left else "left",
            va="center",
            color=INK,
        )


def _free_level(
    taken: Sequence[tuple[float, float, float]], start: float, wanted: float, length: float
) -> float:
    """Return the height next to the wanted one at which a name meets no other."""
    for step in range(2 * len(taken) + 1):
        level = wanted + _LINE_PX * ((step + 1) // 2) * (1 if step % 2 else -1)
        if not any(
            abs(level - other) < _LINE_PX and start < begin + size and begin < start + length
            for begin, other, size in taken
        ):
            return level
    return wanted
