"""Batches equal those of plain formulas on small pools."""

from importlib import import_module

import numpy as np

from annotation.sampling.batches import Candidates, badge, facility, k_centre, top, typical

RNG = np.random.default_rng(3)
N, CLASSES, NUMBERS = 50, 4, 6
POOL = Candidates.checked(
    RNG.random(N),
    RNG.dirichlet(np.ones(CLASSES), N),
    RNG.normal(size=(N, NUMBERS)),
    known=RNG.normal(size=(5, NUMBERS)),
)


def run(select, pool: Candidates, size: int, seed: int = 0) -> list[int]:
    """Return what is chosen."""
    return select(pool, size, np.random.default_rng(seed)).tolist()


def test_top_is_the_order_of_utility() -> None:
    """Without ties nothing is left to chance."""
    assert run(top, POOL, N) == np.argsort(-POOL.utility).tolist()


def test_k_centre_takes_the_furthest_each_time() -> None:
    """By the distances of all pairs."""
    centres = list(POOL.known)
    for pick in run(k_centre, POOL, 12):
        distances = [
            min(np.linalg.norm(place - centre) for centre in centres) for place in POOL.embeddings
        ]
        assert pick == int(np.argmax(distances))
        centres.append(POOL.embeddings[pick])


def test_k_centre_in_blocks_is_the_same(monkeypatch) -> None:
    """Memory changes no answer."""
    expected = run(k_centre, POOL, 12)
    # The package calls the function by the name of its module.
    module = import_module("annotation.sampling.batches.k_centre")
    monkeypatch.setattr(module, "BLOCK_NUMBERS", 35)
    assert run(k_centre, POOL, 12) == expected


def test_badge_draws_as_k_means_plus_plus_in_gradients() -> None:
    """Against the gradients written out; the same uniform numbers lead to the same clips."""
    errors = POOL.posterior - np.eye(CLASSES)[POOL.posterior.argmax(axis=1)]
    gradients = np.einsum("nc,ne->nce", errors, POOL.embeddings).reshape(N, -1)
    rng = np.random.default_rng(0)
    expected = [int(np.argmax(np.linalg.norm(gradients, axis=1)))]
    while len(expected) < 15:
        gaps = gradients[:, None] - gradients[expected]
        mass = np.cumsum((gaps**2).sum(axis=2).min(axis=1))
        expected.append(int(np.searchsorted(mass, rng.random() * mass[-1], side="right")))
    assert run(badge, POOL, 15) == expected


def test_facility_takes_the_largest_gain_each_time() -> None:
    """By the sum over the pool; what was asked about speaks for its neighbours."""
    places = POOL.embeddings / np.linalg.norm(POOL.embeddings, axis=1, keepdims=True)
    known = POOL.known / np.linalg.norm(POOL.known, axis=1, keepdims=True)
    similarity = np.clip(places @ places.T, 0, None)
    best = np.clip(places @ known.T, 0, None).max(axis=1)
    weights = POOL.utility - POOL.utility.min()
    for pick in run(facility, POOL, 8):
        gains = [(weights * np.maximum(best, row)).sum() for row in similarity]
        assert gains[pick] >= max(gains) - 1e-5
        best = np.maximum(best, similarity[pick])


def test_typical_clips_are_amid_the_clusters_nobody_was_asked_about() -> None:
    """Four heaps, one of them known: the largest of the others first, each by its middle."""
    rng = np.random.default_rng(1)
    centres = 40 * np.eye(4)
    sizes = (200, 120, 60, 90)
    places = np.concatenate(
        [centre + rng.normal(size=(n, 4)) for centre, n in zip(centres, sizes, strict=True)]
    )
    heap = np.repeat(np.arange(4), sizes)
    pool = Candidates.checked(
        np.zeros(len(heap)), np.full((len(heap), 2), 0.5), places, known=centres[:1]
    )
    chosen = run(typical, pool, 3)
    assert heap[chosen].tolist() == [1, 3, 2]
    for pick in chosen:
        distances = np.linalg.norm(places[heap == heap[pick]] - centres[heap[pick]], axis=1)
        assert np.linalg.norm(places[pick] - centres[heap[pick]]) < np.quantile(distances, 0.35)
