"""Arms keep to the rule that makes them a sample."""

import numpy as np
import pytest

from annotation.errors import AnnotationError
from annotation.estimates import Arms
from tests.annotation.estimates.campaigns import run_campaign


def test_seed_and_random_arm_are_a_uniform_sample_of_the_pool() -> None:
    """Each clip, and each pair of clips, is among them as often as any other."""
    rng, clips, times = np.random.default_rng(0), 8, 4000
    utility = np.arange(clips, dtype=np.float64)
    drawn = np.array(
        [
            run_campaign(utility, rng, seed=2, active=1, random=1, rounds=2).is_uniform
            for _ in range(times)
        ],
        np.float64,
    )
    assert (drawn.sum(axis=1) == 4).all()
    pairs = drawn.T @ drawn / times
    expected = np.where(np.eye(clips) > 0, 4 / 8, 4 * 3 / (8 * 7))
    # Four standard errors of a share near a half of 4,000.
    np.testing.assert_allclose(pairs, expected, atol=4 * 0.5 / np.sqrt(times))


def test_a_clip_of_both_arms_belongs_to_the_active_stratum() -> None:
    """It is asked for sure, so that chance has no part in it."""
    arms = Arms.checked(seed=[1, 0, 0, 0], active=[0, 1, 0, 0], random=[0, 1, 1, 0])
    assert arms.strata.tolist() == [0, 1, 2, 2]
    assert arms.is_asked.tolist() == [True, True, True, False]


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        (([1, 0], [1, 0], [0, 0]), "1 clips, the first at 0, were asked by the seed"),
        (([1, 0], [0, 0], [0]), "have the shapes"),
    ],
    ids=["twice", "lengths"],
)
def test_arms_that_break_the_rule_are_refused(masks, message: str) -> None:
    """They would be taken for a sample that they are not."""
    seed, active, random = masks
    with pytest.raises(AnnotationError, match=message):
        Arms.checked(seed=seed, active=active, random=random)
