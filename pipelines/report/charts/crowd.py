"""A crowd of annotators as squares, shaded by how many of them are there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from pipelines.report.charts.svg import HEAT
from pipelines.report.opinions.content import AnnotatorView
from pipelines.report.wording import format_quantity, format_score

_STEPS: Final = (28, 16)


def draw_crowd(axes: Axes, crowd: Sequence[AnnotatorView]) -> dict[str, str]:
    """Draw squares of votes and skill on axes whose limits are set.

    Args:
        axes: judged votes across, straight or as logarithms; skill upwards.
        crowd: annotators whose skill is known; may be none.

    Returns:
        What hovering a square tells, by its gid.
    """
    if not crowd:
        return {}
    votes = np.array([max(one.judged, 1) for one in crowd], np.float64)
    up = np.array([one.skill.value for one in crowd])
    space = np.geomspace if axes.get_xscale() == "log" else np.linspace
    # Between whole numbers, so that no square is empty for want of a number in it.
    edges = np.unique(np.floor(space(votes.min(), votes.max() + 1, _STEPS[0] + 1))) - 0.5
    rungs = np.linspace(*axes.get_ylim(), _STEPS[1] + 1)
    counts, _, _ = np.histogram2d(votes, up, bins=[edges, rungs])
    tooltips = {}
    for i, j in product(range(len(edges) - 1), range(_STEPS[1])):
        people = int(counts[i, j])
        if not people:
            continue
        size = (edges[i + 1] - edges[i], rungs[j + 1] - rungs[j])
        square = Rectangle((edges[i], rungs[j]), *size, facecolor=HEAT, lw=0)
        # Counts differ by orders of magnitude; the root keeps lone people in sight.
        square.set_alpha(max(math.sqrt(people / counts.max()), 0.12))
        square.set_gid(f"square-{i}-{j}")
        axes.add_patch(square)
        tooltips[f"square-{i}-{j}"] = (
            f"{format_quantity(people, 'annotator')} with {math.ceil(edges[i])} to "
            f"{math.floor(edges[i + 1])} votes and skill {format_score(rungs[j])} to "
            f"{format_score(rungs[j + 1])}"
        )
    return tooltips
