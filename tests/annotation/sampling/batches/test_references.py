"""Batches equal those of plain formulas on small pools."""

from collections import Counter
from importlib import import_module
from itertools import combinations

import numpy as np
import pytest

from annotation.sampling.batches import (
    Candidates,
    badge,
    determinantal,
    distances,
    facility,
    greedy,
    k_centre,
    top,
    typical,
)

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
    monkeypatch.setattr(distances, "BLOCK_NUMBERS", 35)
    assert run(k_centre, POOL, 12) == expected


def list_gains(known: np.ndarray, similarity: np.ndarray, batch: list[int]) -> np.ndarray:
    """Return the determinant of a batch and each other clip, 0 for those chosen."""
    utility = (POOL.utility - POOL.utility.min()) / np.ptp(POOL.utility)
    quality = np.exp(0.7 / 0.3 * utility) * (1 - known.max(axis=1) ** 2)
    kernel = np.sqrt(quality[:, None] * quality) * similarity
    joined = [np.ix_([*batch, clip], [*batch, clip]) for clip in range(N)]
    return np.array([np.linalg.det(kernel[corner]) for corner in joined])


def test_determinantal_multiplies_the_determinant_most_each_time() -> None:
    """By determinants of the kernel written out, which the greedy choice never forms."""
    everyone = np.concatenate([POOL.embeddings, POOL.known]).astype(np.float64)
    gaps = ((everyone[:N, None] - everyone) ** 2).sum(axis=2)
    similarity = 0.999 * np.exp(-gaps / gaps[:, :N].mean())
    np.fill_diagonal(similarity, 1.0)
    batch: list[int] = []
    for pick in run(determinantal, POOL, 10):
        gains = list_gains(similarity[:, N:], similarity[:, :N], batch)
        assert pick == int(np.argmax(gains))
        batch.append(pick)


def test_determinantal_is_near_the_best_of_all_batches() -> None:
    """Of all triples of a small pool."""
    pool = POOL.take(np.arange(14))
    pool = Candidates.checked(pool.utility, pool.posterior, pool.embeddings)
    gaps = ((pool.embeddings[:, None] - pool.embeddings) ** 2).sum(axis=2)
    similarity = 0.999 * np.exp(-gaps / gaps.mean()) + 0.001 * np.eye(14)
    utility = (pool.utility - pool.utility.min()) / np.ptp(pool.utility)
    quality = np.exp(0.7 / 0.3 * utility)
    worth = {
        batch: np.linalg.det(similarity[np.ix_(batch, batch)]) * quality[list(batch)].prod()
        for batch in combinations(range(14), 3)
    }
    assert worth[tuple(sorted(run(determinantal, pool, 3)))] >= 0.9 * max(worth.values())


def test_determinantal_of_too_many_clips_compares_the_most_useful(monkeypatch) -> None:
    """So that the rows of the factor fit into memory."""
    module = import_module("annotation.sampling.batches.determinantal")
    monkeypatch.setattr(module, "MOST_NUMBERS", 8 * 20)
    foremost = np.argsort(-POOL.utility)[:20]
    assert (
        run(determinantal, POOL, 8) == foremost[run(determinantal, POOL.take(foremost), 8)].tolist()
    )


@pytest.mark.parametrize("places", [np.full((9, 7), 0.1), np.zeros((9, 1)), np.full((9, 2), 1e18)])
@pytest.mark.filterwarnings("error")
def test_clips_that_are_one_are_ordered_by_utility(places: np.ndarray) -> None:
    """Where nothing differs, the volume cannot."""
    utility = RNG.permutation(9) / 9
    pool = Candidates.checked(utility, np.full((9, 2), 0.5), places)
    assert run(determinantal, pool, 9) == np.argsort(-utility).tolist()


@pytest.mark.parametrize("select", [k_centre, determinantal])
@pytest.mark.parametrize("front", [1, 2, 9])
def test_a_narrow_front_is_the_same(select, front: int, monkeypatch) -> None:
    """Clips that are not looked at could not have been chosen."""
    expected = run(select, POOL, N)
    monkeypatch.setattr(greedy, "FRONT", front)
    monkeypatch.setattr(greedy, "SHARE", N)
    assert run(select, POOL, N) == expected


@pytest.mark.parametrize("select", [k_centre, determinantal])
def test_equal_clips_behind_a_narrow_front_have_their_turn(select, monkeypatch) -> None:
    """The front is filled by position, which must not decide between equals."""
    monkeypatch.setattr(greedy, "FRONT", 3)
    pool = Candidates.checked(np.ones(30), np.full((30, 2), 0.5), np.repeat(np.eye(3), 10, axis=0))
    firsts = Counter(run(select, pool, 3, seed)[0] for seed in range(600))
    assert len(firsts) == 30
    assert max(firsts.values()) < 45  # 20 expected, 4.4 the standard deviation


def test_equal_utilities_are_drawn_evenly() -> None:
    """Two places among five equals: each clip, and each order, as often as any other."""
    pool = Candidates.checked(
        [0.1, 0.5, 0.9, 0.5, 0.5, 0.5, 0.5], np.full((7, 2), 0.5), np.zeros((7, 1))
    )
    rng = np.random.default_rng(0)
    drawn = Counter(tuple(top(pool, 3, rng).tolist()) for _ in range(4000))
    assert {first for first, *_ in drawn} == {2}
    assert len(drawn) == 20
    assert max(abs(count - 200) for count in drawn.values()) < 60  # 13.8 the standard deviation


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
