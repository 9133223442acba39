"""The clips of highest utility, each for itself."""

from __future__ import annotations

import numpy as np

from annotation.columns import FloatArray, IntArray
from annotation.sampling.batches.protocol import Candidates, check_size


def top(candidates: Candidates, size: int, rng: np.random.Generator) -> IntArray:
    """Return the clips of highest utility; equal ones are in the order `rng` gives them.

    The right choice where batches are small or clips differ anyway, for it only finds the K-th
    largest utility and sorts what is above, O(N + K·log K).

    Args:
        candidates: N clips.
        size: K, clips to choose, at least 0.
        rng: Decides between equal utilities.

    Returns:
        min(K, N) positions by falling utility.

    Raises:
        SamplingError: `size` is negative.

    Example:
        >>> pool = Candidates.checked([0.1, 0.9, 0.5], np.full((3, 2), 0.5), np.zeros((3, 1)))
        >>> top(pool, 2, np.random.default_rng(0)).tolist()
        [1, 2]
    """
    check_size(size)
    utility = candidates.utility
    if size == 0 or size >= len(utility):
        return _by_falling(utility, np.arange(len(utility)), rng)[:size]
    least = np.partition(utility, len(utility) - size)[-size]
    above = np.flatnonzero(utility > least)
    level = rng.choice(np.flatnonzero(utility == least), size - len(above), replace=False)
    return np.concatenate([_by_falling(utility, above, rng), level])


def _by_falling(utility: FloatArray, positions: IntArray, rng: np.random.Generator) -> IntArray:
    """Return positions by falling utility, equal ones in the order `rng` gives them."""
    order = np.lexsort((rng.permutation(len(positions)), -utility[positions]))
    return np.asarray(positions[order])
