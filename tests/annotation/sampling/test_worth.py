"""Votes are priced by what they tell per second, and spent the most valuable first."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.clips.expected_gain import expected_gain
from annotation.errors import SamplingError, VoteError
from annotation.sampling.worth import REPEAT, spend_votes, worth_of_votes

RNG = np.random.default_rng(0)
CLIPS = 50
POSTERIOR = RNG.dirichlet(np.ones(4), CLIPS)
VOTES = RNG.integers(0, 5, CLIPS)
SECONDS = RNG.uniform(3.0, 9.0, CLIPS)
CONFUSION = np.full((4, 4), 0.1) + 0.6 * np.eye(4)


def spend(worth, votes, budget, *, most=5, seed=0, repeat=REPEAT):
    """Spend under a seed."""
    rng = np.random.default_rng(seed)
    return spend_votes(np.asarray(worth, float), votes, budget, most=most, rng=rng, repeat=repeat)


def test_worth_is_gain_discounted_by_votes_per_second() -> None:
    """The formula, against its parts."""
    gain = expected_gain(POSTERIOR, CONFUSION)
    found = worth_of_votes(POSTERIOR, CONFUSION, VOTES, seconds=SECONDS, repeat=0.5)
    np.testing.assert_allclose(found, gain / 2.0**VOTES / SECONDS, rtol=1e-12)
    np.testing.assert_allclose(worth_of_votes(POSTERIOR, CONFUSION, VOTES, repeat=1.0), gain)


def test_the_order_of_the_pool_does_not_change_worth() -> None:
    """Each clip is priced by itself."""
    order = RNG.permutation(CLIPS)
    found = worth_of_votes(POSTERIOR, CONFUSION, VOTES, seconds=SECONDS)
    turned = worth_of_votes(POSTERIOR[order], CONFUSION, VOTES[order], seconds=SECONDS[order])
    np.testing.assert_allclose(turned, found[order], rtol=1e-12)


def test_nothing_is_worth_nothing() -> None:
    """An empty pool has no worths, and with one class no answer says anything."""
    assert worth_of_votes(np.zeros((0, 4)), CONFUSION, []).shape == (0,)
    assert worth_of_votes(np.ones((3, 1)), np.ones((1, 1)), [0, 1, 2]).tolist() == [0.0] * 3


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"posterior": POSTERIOR * 2}, SamplingError, "row 0 of `posterior` must be prob"),
        ({"posterior": np.full((50, 4), np.nan)}, SamplingError, "row 0 of `posterior`"),
        ({"confusion": CONFUSION[:3]}, VoteError, r"`confusion` must be \(4, 4\)"),
        ({"votes": VOTES[1:]}, SamplingError, "each of the 50 clips, but there are 49"),
        ({"votes": -VOTES - 1}, SamplingError, "row 0 of `votes` must be finite and at least 0"),
        ({"seconds": np.zeros(50)}, SamplingError, "`seconds` must be above 0.*50 are 0; give"),
        ({"seconds": SECONDS[1:]}, SamplingError, "each of the 50 clips, but has 49"),
        ({"seconds": np.full(50, np.nan)}, SamplingError, "row 0 of `seconds` must be finite"),
        ({"repeat": 0.0}, SamplingError, "`repeat` must be above 0 and at most 1, but is 0.0"),
        ({"repeat": float("nan")}, SamplingError, "`repeat`"),
    ],
)
def test_what_cannot_be_priced_is_refused(changes, error, message: str) -> None:
    """The argument is named, and the row where one is at fault."""
    given_ = {"posterior": POSTERIOR, "confusion": CONFUSION, "votes": VOTES, **changes}
    with pytest.raises(error, match=message):
        worth_of_votes(**given_)


def greedy(worth: list[float], votes: list[int], budget: int, most: int, repeat: float):
    """Return what a loop gives that hands out one vote after the other."""
    given_ = [0] * len(worth)
    for _ in range(budget):
        left = [clip for clip in range(len(worth)) if votes[clip] + given_[clip] < most]
        if not left:
            break
        best = max(left, key=lambda clip: worth[clip] * repeat ** given_[clip])
        given_[best] += 1
    return given_


@given(
    pool=st.lists(
        st.tuples(st.integers(1, 10_000), st.integers(0, 6)),
        max_size=12,
        unique_by=lambda clip: clip[0],
    ),
    budget=st.integers(0, 40),
    most=st.integers(0, 6),
    seed=st.integers(0, 3),
)
def test_it_is_the_loop_that_takes_the_best_vote_each_time(pool, budget, most, seed) -> None:
    """A repeat that is no ratio of the worths leaves no ties to chance."""
    # Logarithms of distinct integers differ by no multiple of log π.
    repeat = 1 / np.pi
    worth, votes = [float(clip[0]) for clip in pool], [clip[1] for clip in pool]
    found = spend(worth, votes, budget, most=most, seed=seed, repeat=repeat)
    assert found.tolist() == greedy(worth, votes, budget, most, repeat)


@given(
    worth=st.lists(st.sampled_from([0.0, 0.7, 1.0]), max_size=15),
    budget=st.integers(0, 60),
    repeat=st.sampled_from([0.7, 1.0]),
)
def test_ties_cost_neither_votes_nor_worth(worth: list[float], budget: int, repeat: float) -> None:
    """Whom chance favours, the budget is spent and its worth is the loop's."""
    found = spend(worth, [0] * len(worth), budget, most=3, repeat=repeat)
    assert found.sum() == min(budget, 3 * len(worth))
    assert found.max(initial=0) <= 3

    def total(counts) -> float:
        return sum(w * repeat**k for w, c in zip(worth, counts, strict=True) for k in range(c))

    expected = total(greedy(worth, [0] * len(worth), budget, 3, repeat))
    assert total(found) == pytest.approx(expected)


def test_equal_seeds_give_equal_votes_and_others_break_ties_otherwise() -> None:
    """Over many seeds each of equal clips comes first about equally often."""
    even = np.ones(20)
    assert np.array_equal(spend(even, [0] * 20, 7, seed=3), spend(even, [0] * 20, 7, seed=3))
    got = sum(spend(even, [0] * 20, 7, seed=seed) for seed in range(600))
    # 600 draws of 7 of 20: 210 each, standard deviation 12.
    assert got.min() > 160
    assert got.max() < 260


def test_equal_clips_are_all_asked_once_before_any_is_asked_twice() -> None:
    """Where a second vote counts as much as the first, breadth comes first."""
    assert spend(np.ones(4), [0] * 4, 4, repeat=1.0).tolist() == [1, 1, 1, 1]


def test_the_order_of_the_pool_does_not_change_what_is_asked() -> None:
    """With distinct worths, clips get the same votes wherever they stand."""
    worth = RNG.random(CLIPS)
    order = RNG.permutation(CLIPS)
    found = spend(worth, VOTES, 60)
    np.testing.assert_array_equal(spend(worth[order], VOTES[order], 60, seed=9), found[order])


@pytest.mark.parametrize(
    ("worth", "votes", "budget", "expected"),
    [
        ([], [], 5, []),
        ([1.0, 2.0], [0, 0], 0, [0, 0]),
        ([1.0, 2.0], [0, 3], 99, [5, 2]),
        ([1.0, 2.0], [7, 5], 9, [0, 0]),
        ([0.0, 0.0], [0, 0], 10, [5, 5]),
    ],
    ids=["no pool", "no budget", "budget over room", "no room", "worthless"],
)
def test_the_edges_of_a_budget(worth, votes, budget: int, expected) -> None:
    """What is given is the lesser of the budget and the room."""
    found = spend(worth, votes, budget)
    assert found.tolist() == expected
    assert found.dtype == np.int64


def test_inputs_stay_untouched() -> None:
    """They may be read-only, and are the same afterwards."""
    worth, votes = RNG.random(CLIPS), VOTES.copy()
    for array in (worth, votes):
        array.setflags(write=False)
    kept = worth.copy()
    spend(worth, votes, 30)
    np.testing.assert_array_equal(worth, kept)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"worth": [1.0, np.nan]}, "row 1 of `worth` must be finite and at least 0, but is nan"),
        ({"worth": [1.0, -1.0]}, "row 1 of `worth` must be finite and at least 0"),
        ({"votes": [0]}, "each of the 2 clips, but there are 1"),
        ({"budget": -1}, "`budget` must be at least 0 votes, but is -1"),
        ({"repeat": 1.5}, "`repeat` must be above 0 and at most 1"),
    ],
)
def test_what_cannot_be_spent_is_refused(changes, message: str) -> None:
    """Before anything is drawn."""
    with pytest.raises(SamplingError, match=message):
        spend(**{"worth": [1.0, 2.0], "votes": [0, 0], "budget": 1, **changes})


def test_a_million_clips_are_priced_and_asked_in_a_moment() -> None:
    """Together .3 s on one core; slower ones get 3 s, which sorting all votes would take too."""
    clips = 1_000_000
    posterior = np.tile(POSTERIOR, (clips // CLIPS, 1))
    votes = np.tile(VOTES, clips // CLIPS)
    started = time.process_time()
    worth = worth_of_votes(posterior, CONFUSION, votes)
    assert spend(worth, votes, 200).sum() == 200
    assert time.process_time() - started < 3
