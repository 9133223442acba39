"""Clips that stand for many others: what to ask while the model knows next to nothing."""

from __future__ import annotations

import numpy as np
from sklearn.cluster import MiniBatchKMeans
from sklearn.neighbors import NearestNeighbors

from annotation.columns import IntArray
from annotation.sampling.batches.protocol import Candidates, Embeddings, check_size, draw_largest

NEIGHBOURS = 20
MOST_MEMBERS = 2000  # of a cluster are looked at; more say nothing new about where it is dense


def typical(candidates: Candidates, size: int, rng: np.random.Generator) -> IntArray:
    """Choose the most typical clip of each of the largest clusters without a clip asked about.

    The pool and the L clips asked about are cut into L + K clusters; of the K largest that
    nothing was asked about, each gives the clip with the nearest neighbours. Utility and
    posterior are not looked at, since an untrained model has nothing to say.

    Args:
        candidates: N clips.
        size: K, clips to choose, at least 0.
        rng: Source of the clusters' beginnings and of samples of large clusters.

    Returns:
        min(K, N) positions, from the largest cluster down.

    Raises:
        SamplingError: `size` is negative.

    Reference:
        G. Hacohen, A. Dekel and D. Weinshall (2022). Active learning on a budget: opposite
        strategies suit high and low budgets. arXiv:2202.02794
    """
    check_size(size)
    size = min(size, len(candidates))
    if size == 0:
        return np.empty(0, np.int64)
    places = np.concatenate([candidates.known, candidates.embeddings])
    asked = len(candidates.known)
    seed = int(rng.integers(2**31))
    clusters = MiniBatchKMeans(
        min(asked + size, len(places)), n_init=1, random_state=seed, batch_size=4096
    ).fit_predict(places)
    chosen: list[int] = []
    left = np.ones(len(candidates), dtype=bool)
    is_fresh = ~np.isin(clusters[asked:], clusters[:asked])
    # Fewer clusters than asked for may be fresh; then those that are left are gone through again.
    while len(chosen) < size:
        pool = np.flatnonzero(left & is_fresh)
        if not len(pool):
            is_fresh[:] = True
            continue
        names, counts = np.unique(clusters[asked:][pool], return_counts=True)
        for name in names[np.lexsort((rng.permutation(len(names)), -counts))]:
            if len(chosen) == size:
                break
            members = pool[clusters[asked:][pool] == name]
            chosen.append(_most_typical(candidates.embeddings, members, rng))
            left[chosen[-1]] = False
    return np.array(chosen, np.int64)


def _most_typical(places: Embeddings, members: IntArray, rng: np.random.Generator) -> int:
    """Return the member that is nearest to its neighbours among the members."""
    if len(members) > MOST_MEMBERS:
        members = rng.choice(members, MOST_MEMBERS, replace=False)
    neighbours = min(NEIGHBOURS, len(members) - 1)
    if not neighbours:
        return int(members[0])
    search = NearestNeighbors(n_neighbors=neighbours + 1).fit(places[members])
    distances, _ = search.kneighbors(places[members])
    return int(members[draw_largest(-distances.mean(axis=1), rng)])
