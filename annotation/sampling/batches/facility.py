"""Clips worth asking about that also speak for others worth asking about."""

from __future__ import annotations

import numpy as np

from annotation.columns import IntArray
from annotation.sampling.batches.protocol import Candidates, Embeddings, check_size, draw_largest
from annotation.sampling.batches.top import top

BREADTH = 10  # times as many clips as wanted are compared, those of highest utility
MOST_COMPARED = 4000  # a square of 4-byte similarities: 64 MB


def facility(candidates: Candidates, size: int, rng: np.random.Generator) -> IntArray:
    """Choose greedily the clips that together resemble the useful part of the pool most.

    Among the clips of highest utility, the sum over all of them of utility times the cosine to
    the nearest choice is made large. A clip near one that was asked about counts as spoken for.
    The greedy choice reaches 1 − 1/e of the best possible.

    Args:
        candidates: N clips.
        size: K, clips to choose, at least 0.
        rng: Decides between equal utilities and equal gains.

    Returns:
        min(K, N) positions in the order of choice.

    Raises:
        SamplingError: `size` is negative.

    Reference:
        K. Wei, R. Iyer and J. Bilmes (2015). Submodularity in data subset selection and active
        learning. Proceedings of ICML 37.
    """
    check_size(size)
    size = min(size, len(candidates))
    compared = top(candidates, max(size, min(BREADTH * size, MOST_COMPARED)), rng)
    places = _directions(candidates.embeddings[compared])
    weights = candidates.utility[compared] - candidates.utility.min(initial=0.0)
    similarity = np.clip(places @ places.T, 0, None)
    best = np.zeros(len(compared), np.float32)
    if len(candidates.known):
        best = (places @ _directions(candidates.known).T).max(axis=1).clip(0)
    chosen = np.empty(size, np.int64)
    is_free = np.ones(len(compared), dtype=bool)
    for step in range(size):
        gains = weights @ np.clip(similarity - best[:, None], 0, None)
        gains[~is_free] = -np.inf
        pick = draw_largest(gains, rng)
        chosen[step] = pick
        is_free[pick] = False
        np.maximum(best, similarity[pick], out=best)
    return np.asarray(compared[chosen])


def _directions(places: Embeddings) -> Embeddings:
    lengths = np.linalg.norm(places, axis=1, keepdims=True)
    return np.asarray(np.divide(places, lengths, out=np.zeros_like(places), where=lengths > 0))
