"""Clips that cover the pool: no clip is left far from one that was asked about."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from annotation.columns import IntArray
from annotation.sampling.batches.protocol import Candidates, Embeddings, check_size, draw_largest

BLOCK_NUMBERS = 1 << 22  # distances held at once: 16 MB, so that memory does not grow with L


def k_centre(candidates: Candidates, size: int, rng: np.random.Generator) -> IntArray:
    """Choose greedily the clip that is furthest from every clip asked about or chosen.

    The greedy choice covers the pool with balls at most twice as large as the smallest possible.
    Utility is not looked at. Without a clip asked about, the first is drawn at random.

    Args:
        candidates: N clips.
        size: K, clips to choose, at least 0.
        rng: Decides the first choice and between equal distances.

    Returns:
        min(K, N) positions, O(N·(K + L)·E).

    Raises:
        SamplingError: `size` is negative.

    Example:
        >>> places = np.array([[0.0], [1.0], [10.0]])
        >>> pool = Candidates.checked(np.zeros(3), np.full((3, 2), 0.5), places, known=[[0.0]])
        >>> k_centre(pool, 2, np.random.default_rng(0)).tolist()
        [2, 1]

    Reference:
        O. Sener and S. Savarese (2018). Active learning for convolutional neural networks: a
        core-set approach. arXiv:1708.00489
    """
    check_size(size)
    places = candidates.embeddings
    squares = np.einsum("ne,ne->n", places, places)
    nearest = _nearest_known(places, squares, candidates.known)
    chosen = np.empty(min(size, len(candidates)), np.int64)
    for step in range(len(chosen)):
        pick = draw_largest(nearest, rng)
        chosen[step] = pick
        distances = squares - 2 * (places @ places[pick]) + squares[pick]
        np.minimum(nearest, distances, out=nearest)
        # Rounding must not leave a chosen clip ahead of its own copies.
        nearest[chosen[: step + 1]] = -np.inf
    return chosen


def _nearest_known(
    places: Embeddings, squares: npt.NDArray[np.float32], known: Embeddings
) -> npt.NDArray[np.float32]:
    """Return the squared distance of each clip to the nearest that was asked about, ``(N,)``."""
    nearest = np.full(len(places), np.inf, np.float32)
    if not len(known):
        return nearest
    known_squares = np.einsum("le,le->l", known, known)
    rows = max(1, BLOCK_NUMBERS // len(known))
    for start in range(0, len(places), rows):
        block = slice(start, start + rows)
        products = places[block] @ known.T
        products *= -2
        products += known_squares
        nearest[block] = products.min(axis=1) + squares[block]
    return nearest
