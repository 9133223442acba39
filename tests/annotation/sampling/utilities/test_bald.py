"""Disagreement of sure members is worth asking about, shared doubt is not."""

import numpy as np
import pytest

from annotation.errors import SamplingError
from annotation.sampling import bald

RNG = np.random.default_rng(0)
MEMBERS = RNG.dirichlet(np.full(4, 0.5), (5, 30))


def test_it_is_the_mutual_information_of_member_and_answer() -> None:
    """Against the divergence of each member from the mean, averaged."""
    mean = MEMBERS.mean(axis=0)
    expected = (MEMBERS * np.log(MEMBERS / mean)).sum(axis=2).mean(axis=0)
    np.testing.assert_allclose(bald(MEMBERS), expected, atol=1e-12)
    assert (bald(MEMBERS) <= np.log(4)).all()


def test_members_that_agree_have_nothing_to_settle() -> None:
    """However uncertain they are; a lone member agrees with itself."""
    np.testing.assert_allclose(bald(np.repeat(MEMBERS[:1], 3, axis=0)), 0, atol=1e-12)
    assert bald(MEMBERS[:1]).min() >= 0


def test_the_order_of_members_is_irrelevant_and_inputs_stay() -> None:
    """And an empty pool has no utility."""
    before = MEMBERS.copy()
    np.testing.assert_allclose(bald(MEMBERS[::-1]), bald(MEMBERS), atol=1e-12)
    np.testing.assert_array_equal(MEMBERS, before)
    assert bald(np.empty((2, 0, 3))).shape == (0,)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (MEMBERS[0], r"\(members, clips, classes\), but has shape \(30, 4\)"),
        (MEMBERS[:0], "must be"),
        (2 * MEMBERS, r"row 0 of `members\[0\]` must be probabilities"),
        (np.full((2, 3, 2), np.nan), "must be probabilities"),
    ],
)
def test_what_are_no_posteriors_is_refused(wrong, message: str) -> None:
    """With the shape or the row."""
    with pytest.raises(SamplingError, match=message):
        bald(wrong)


def test_the_member_that_is_wrong_is_named() -> None:
    """With its row."""
    members = MEMBERS.copy()
    members[3, 17, 0] = np.nan
    with pytest.raises(SamplingError, match=r"row 17 of `members\[3\]` must be probabilities"):
        bald(members)


def test_float32_members_are_accepted() -> None:
    """What networks say, in the precision they say it in."""
    np.testing.assert_allclose(bald(MEMBERS.astype(np.float32)), bald(MEMBERS), atol=1e-5)
