"""The clips of highest utility, each for itself."""

from __future__ import annotations

import numpy as np

from annotation.columns import IntArray
from annotation.sampling.batches.protocol import Candidates, check_size


def top(candidates: Candidates, size: int, rng: np.random.Generator) -> IntArray:
    """Return the clips of highest utility; equal ones are in the order `rng` gives them.

    The right choice where batches are small or clips differ anyway, for it costs one sort.

    Args:
        candidates: N clips.
        size: Clips to choose, at least 0.
        rng: Decides between equal utilities.

    Returns:
        min(size, N) positions by falling utility.

    Raises:
        SamplingError: `size` is negative.

    Example:
        >>> pool = Candidates.checked([0.1, 0.9, 0.5], np.full((3, 2), 0.5), np.zeros((3, 1)))
        >>> top(pool, 2, np.random.default_rng(0)).tolist()
        [1, 2]
    """
    check_size(size)
    order = np.lexsort((rng.permutation(len(candidates)), -candidates.utility))
    return np.asarray(order[:size])
