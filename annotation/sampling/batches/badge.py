"""Clips that would move the model far, and each in another direction."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from annotation.columns import IntArray
from annotation.sampling.batches.protocol import Candidates, check_size, draw_largest


def badge(candidates: Candidates, size: int, rng: np.random.Generator) -> IntArray:
    """Choose by k-means++ in the space of the gradients the model expects (BADGE).

    The gradient of the last layer under the model's own answer is the outer product of
    ``posterior − one-hot`` and the embedding. It is never formed: inner products of outer
    products are products of inner products, so a clip costs C + E numbers instead of C·E.
    The first choice is the longest gradient; each further one is drawn with probability
    proportional to its squared distance from the nearest choice. Utility is not looked at.

    Args:
        candidates: N clips.
        size: K, clips to choose, at least 0.
        rng: Source of the draws.

    Returns:
        min(K, N) positions, O(N·K·(C + E)).

    Raises:
        SamplingError: `size` is negative.

    Example:
        >>> posterior = [[1.0, 0.0], [0.5, 0.5], [0.9, 0.1]]
        >>> pool = Candidates.checked(np.zeros(3), posterior, np.ones((3, 1)))
        >>> int(badge(pool, 1, np.random.default_rng(0))[0])
        1

    Reference:
        J. T. Ash et al. (2020). Deep batch active learning by diverse, uncertain gradient lower
        bounds. arXiv:1906.03671
    """
    check_size(size)
    places = candidates.embeddings
    errors = candidates.posterior.astype(np.float32)
    errors[np.arange(len(errors)), errors.argmax(axis=1)] -= 1
    squares = np.einsum("nc,nc->n", errors, errors) * np.einsum("ne,ne->n", places, places)
    chosen = np.empty(min(size, len(candidates)), np.int64)
    nearest = squares.copy()
    for step in range(len(chosen)):
        pick = draw_largest(nearest, rng) if step == 0 else _draw(nearest, rng)
        chosen[step] = pick
        distances = (errors @ errors[pick]) * (places @ places[pick])
        distances *= -2
        distances += squares
        distances += squares[pick]
        nearest = np.minimum(nearest, distances, out=nearest) if step else distances
        np.maximum(nearest, 0, out=nearest)
        nearest[chosen[: step + 1]] = -1
    return chosen


def _draw(nearest: npt.NDArray[np.float32], rng: np.random.Generator) -> int:
    """Return a position with probability proportional to its distance; −1 marks a choice."""
    mass = np.cumsum(np.maximum(nearest, 0), dtype=np.float64)
    if mass[-1] == 0:
        # All that is left coincides with what was chosen.
        return int(rng.choice(np.flatnonzero(nearest >= 0)))
    return int(np.searchsorted(mass, rng.random() * mass[-1], side="right"))
