"""What every way of choosing a batch owes."""

import numpy as np
import pytest

from annotation.errors import SamplingError
from annotation.sampling.batches import BATCHES, Candidates

pytestmark = pytest.mark.parametrize("select", BATCHES.values(), ids=BATCHES)


def make_candidates(clips: int = 60, known: int = 4, seed: int = 0, classes: int = 3) -> Candidates:
    """Return a random pool."""
    rng = np.random.default_rng(seed)
    return Candidates.checked(
        rng.random(clips),
        rng.dirichlet(np.ones(classes), clips).reshape(clips, classes),
        rng.normal(size=(clips, 5)),
        known=rng.normal(size=(known, 5)),
    )


def run(select, pool: Candidates, size: int, seed: int = 7) -> list[int]:
    """Return what is chosen."""
    return select(pool, size, np.random.default_rng(seed)).tolist()


@pytest.mark.parametrize("size", [0, 1, 17, 60])
@pytest.mark.parametrize("known", [0, 1, 30])
def test_as_many_distinct_clips_as_asked_for(select, size: int, known: int) -> None:
    """Whatever was asked about before."""
    chosen = run(select, make_candidates(known=known), size)
    assert len(chosen) == len(set(chosen)) == size
    assert all(0 <= position < 60 for position in chosen)


def test_a_seed_gives_the_same_answer(select) -> None:
    """Every draw comes from the generator."""
    assert run(select, make_candidates(), 20) == run(select, make_candidates(), 20)


def test_more_than_the_pool_is_the_pool(select) -> None:
    """And an empty pool gives nothing."""
    assert sorted(run(select, make_candidates(9), 100)) == list(range(9))
    assert run(select, make_candidates(0), 5) == []


def test_inputs_stay_as_they_are(select) -> None:
    """Candidates are shared between arms."""
    pool = make_candidates()
    before = [array.copy() for array in vars(pool).values()]
    run(select, pool, 20)
    for array, copy in zip(vars(pool).values(), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_equal_clips_are_chosen_by_the_generator_alone(select) -> None:
    """Nothing prefers the first of the pool."""
    pool = Candidates.checked(np.ones(40), np.full((40, 2), 0.5), np.ones((40, 3)))
    first = {run(select, pool, 3, seed)[0] for seed in range(30)}
    assert len(first) > 10
    assert len(set(run(select, pool, 40))) == 40


def test_the_order_of_the_pool_is_irrelevant(select) -> None:
    """Whoever draws, draws every clip as often, wherever it stands."""
    pool = make_candidates(12)
    turned = np.random.default_rng(1).permutation(12)
    seeds = range(120)
    plain = np.concatenate([run(select, pool, 3, seed) for seed in seeds])
    other = np.concatenate([run(select, pool.take(turned), 3, seed) for seed in seeds])
    counts = [np.bincount(chosen, minlength=12) for chosen in (plain, turned[other])]
    # The standard deviation of a difference is at most 7.7; without draws there is none.
    np.testing.assert_allclose(*counts, atol=32)


def test_one_class_is_no_obstacle(select) -> None:
    """A model of one class is sure of everything."""
    pool = make_candidates(12, classes=1)
    assert len(run(select, pool, 5)) == 5


def test_a_negative_size_is_refused(select) -> None:
    """With the number."""
    with pytest.raises(SamplingError, match="`size` must be at least 0 clips, but got -1"):
        run(select, make_candidates(), -1)
