"""Which forms of models nothing beats: the front, and its picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Of a decade of milliseconds; every other one where there are several decades.
TICKS = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
WIDE = 30
AXES_INCHES, LINE_INCHES = 4.4, 0.18


@dataclass(frozen=True)
class Spot:
    """One form of a model.

    Args:
        name: Of it.
        ms: Median latency of a clip.
        size: Bytes.
        uar: UAR, in [0, 1].
        low: Lower end of its interval.
        high: Upper end.
    """

    name: str
    ms: float
    size: int
    uar: float
    low: float
    high: float


def find_front(spots: Sequence[Spot]) -> npt.NDArray[np.bool_]:
    """Tell which spots no other beats: as fast, as small and as accurate, and better in one.

    Args:
        spots: N of them.

    Returns:
        Bool ``(N,)``.

    Example:
        >>> slow = Spot("slow", 9.0, 400, 0.7, 0.6, 0.8)
        >>> fast = Spot("fast", 2.0, 100, 0.7, 0.6, 0.8)
        >>> find_front([slow, fast]).tolist()
        [False, True]
    """
    costs = np.array([(of.ms, of.size, -of.uar) for of in spots], dtype=float).reshape(-1, 3)
    is_as_good = (costs[:, None] <= costs[None]).all(axis=2)
    is_better = (costs[:, None] < costs[None]).any(axis=2)
    return np.asarray(~(is_as_good & is_better).any(axis=0))


def draw_front(spots: Sequence[Spot], path: Path, *, title: str) -> None:
    """Draw latency against UAR with intervals; the area of a mark is the size of the file.

    Args:
        spots: What to draw, at least one.
        path: A PNG file; its folder is created.
        title: What it is about.
    """
    # Not pyplot: it would pick a display and keep every figure.
    from matplotlib.figure import Figure  # noqa: PLC0415 - keeps help fast

    front = find_front(spots)
    # The list underneath takes its room from the page, not from the axes.
    height = AXES_INCHES + LINE_INCHES * len(spots)
    figure = Figure(figsize=(9, height), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    largest = max(of.size for of in spots)
    rank = np.argsort(np.argsort([of.ms for of in spots], kind="stable"), kind="stable")
    for number, (of, is_front) in enumerate(zip(spots, front, strict=True), start=1):
        colour = "#0067a8" if is_front else "#8a929c"
        axes.plot([of.ms, of.ms], [of.low, of.high], color=colour, linewidth=1, alpha=0.5)
        area = 40 + 500 * of.size / largest
        axes.scatter([of.ms], [of.uar], s=area, color=colour, alpha=0.6, linewidths=0, zorder=3)
        _write_number(axes, number, of, is_above=bool(rank[number - 1] % 2))
        text = f"{number}  {of.name}: {of.ms:.2f} ms, {of.size / 1000:,.0f} kB, UAR {of.uar:.3f}"
        axes.plot([], [], " ", label=text)
    _scale_time(axes)
    axes.set_ylabel("UAR, 95 % interval over speakers")
    axes.set_title(f"{title} (blue: nothing is as fast, small and accurate)", fontsize=10)
    axes.margins(y=0.08)
    axes.grid(visible=True, color="#e2e5ea")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper left", bbox_to_anchor=(0, -0.14), fontsize=8, frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})


def _write_number(axes: "Axes", number: int, of: Spot, *, is_above: bool) -> None:
    """Number an interval at one end; neighbours take turns, so that close ones can be read."""
    axes.annotate(
        str(number),
        (of.ms, of.high if is_above else of.low),
        xytext=(0, 3 if is_above else -3),
        textcoords="offset points",
        ha="center",
        va="bottom" if is_above else "top",
        fontsize=9,
    )


def _scale_time(axes: "Axes") -> None:
    """Write times as plain numbers, few enough to read and never less than two."""
    from matplotlib.ticker import (  # noqa: PLC0415 - keeps help fast
        FormatStrFormatter,
        LogLocator,
        NullLocator,
    )

    axes.set_xscale("log")
    low, high = axes.get_xlim()
    axes.set_xlim(low / 1.2, high * 1.2)
    subs = TICKS if high < WIDE * low else TICKS[::2]
    axes.xaxis.set_major_locator(LogLocator(subs=subs, numticks=20))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FormatStrFormatter("%g"))
    axes.set_xlabel("median time of a 3 s clip on one core, ms")
