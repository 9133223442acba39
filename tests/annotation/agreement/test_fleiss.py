"""Fleiss' kappa and pair agreement against the paper and against counting pairs."""

from itertools import combinations

import numpy as np
import pytest

from annotation.agreement import against_rest, estimate, fleiss_kappa, pair_agreement
from annotation.errors import VoteError

# Table 1 of Fleiss (1971) in the form most textbooks give: 10 subjects, 14 raters, 5 categories.
WORKED = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ],
    dtype=float,
)


def test_the_worked_example() -> None:
    """Ten subjects judged by 14 people: kappa .210."""
    assert estimate(fleiss_kappa(WORKED), resamples=0).value == pytest.approx(0.210, abs=5e-4)


def test_unequal_numbers_follow_the_formula() -> None:
    """Each clip counts once in the agreement, each judgement once in the chance."""
    counts = np.array([[2.0, 0, 1], [0, 5, 0], [1, 0, 0], [1, 1, 2]])
    kept = counts[[0, 1, 3]]
    people = kept.sum(axis=1)
    share = ((kept**2).sum(axis=1) - people) / (people * (people - 1))
    chance = ((kept.sum(axis=0) / kept.sum()) ** 2).sum()
    found = estimate(fleiss_kappa(counts), resamples=0)
    assert found.value == pytest.approx((share.mean() - chance) / (1 - chance))
    assert (found.clips, found.votes) == (3, 12)


def test_pair_agreement_counts_pairs() -> None:
    """The share of agreeing pairs equals going through all pairs."""
    counts = np.array([[2, 0, 1], [0, 5, 0], [1, 0, 0], [1, 1, 2]])
    pairs = [
        one == other
        for row in counts
        for one, other in combinations(np.repeat(np.arange(3), row).tolist(), 2)
    ]
    found = estimate(pair_agreement(counts), resamples=0).value
    assert found == pytest.approx(np.mean(pairs))


def test_against_rest_merges_the_other_classes() -> None:
    """Kappa of one class against the rest is kappa of two classes."""
    two = np.stack([WORKED[:, 1], WORKED.sum(axis=1) - WORKED[:, 1]], axis=1)
    np.testing.assert_array_equal(against_rest(WORKED, 1), two)


def test_undefined_is_nan() -> None:
    """With one class ever given, chance agrees perfectly and kappa says nothing."""
    assert np.isnan(estimate(fleiss_kappa(np.array([[3.0, 0], [4, 0]]))).value)
    assert np.isnan(estimate(pair_agreement(np.eye(2))).value)
    assert np.isnan(estimate(fleiss_kappa(np.zeros((0, 2)))).value)


def test_bad_counts_are_refused() -> None:
    """Counts of the wrong shape are named."""
    with pytest.raises(VoteError, match=r"has shape \(3,\)"):
        fleiss_kappa(np.ones(3))
