"""Greedy choice without looking at every clip for every choice."""

from __future__ import annotations

from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from annotation.columns import IntArray
from annotation.sampling.batches.protocol import draw_largest

FRONT = 1024  # clips compared at every choice, at least: half a megabyte stays in the cache
SHARE = 256  # one in so many of a large pool, so that the whole is seldom looked at


class Gains(Protocol):
    """What each of M clips would add to the clips chosen, which never grows as more are chosen.

    Attributes:
        values: The gains after the choices that were counted, (M,); −inf for a chosen clip.
    """

    values: npt.NDArray[np.float32]

    def choose(self, at: int, /) -> None:
        """Note the clip at `at` as the next choice; all earlier ones must be counted."""
        ...

    def count(self) -> None:
        """Bring `values` up to all choices noted, here or in a part."""
        ...

    def part(self, members: IntArray, /) -> Self:
        """Return the gains of some clips; choices noted there are noted here."""
        ...


def choose_greedily(gains: Gains, size: int, rng: np.random.Generator) -> IntArray:
    """Choose the clip of largest gain each time, equal ones as `rng` decides.

    The gain that a clip had some choices ago bounds what it has now. So only the foremost clips
    are counted at every choice, and all again once none of them is above the bound of the others:
    the choice is that of counting all, by far fewer and larger products of matrices.

    Args:
        gains: Of N clips; its values change.
        size: K, at most N.
        rng: Decides between equal gains.

    Returns:
        K distinct positions in the order of choice.

    Reference:
        M. Minoux (1978). Accelerated greedy algorithms for maximizing submodular set functions.
        doi:10.1007/BFb0006528
    """
    chosen = np.empty(size, np.int64)
    step = 0
    while step < size:
        gains.count()
        gains.values[chosen[:step]] = -np.inf
        chosen[step] = draw_largest(gains.values, rng)
        gains.choose(int(chosen[step]))
        step += 1
        members, bound = _foremost(gains.values)
        front = gains.part(members)
        while step < size:
            front.count()
            if not front.values.max() > bound:
                break
            at = draw_largest(front.values, rng)
            front.choose(at)
            chosen[step] = members[at]
            step += 1
    return chosen


def _foremost(values: npt.NDArray[np.float32]) -> tuple[IntArray, float]:
    """Return the positions of the largest values, and the largest of the others."""
    count = max(FRONT, len(values) // SHARE)
    if len(values) <= count:
        return np.arange(len(values)), -np.inf
    order = np.argpartition(values, len(values) - count - 1)
    return order[-count:], float(values[order[-count - 1]])
