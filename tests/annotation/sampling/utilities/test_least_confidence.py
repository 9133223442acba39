"""Least confidence against the definition."""

import numpy as np

from annotation.sampling import least_confidence


def test_it_is_what_the_leading_class_leaves() -> None:
    """In a pool of several blocks."""
    posterior = np.random.default_rng(2).dirichlet([0.7] * 5, size=5000)
    np.testing.assert_array_equal(least_confidence(posterior), 1 - posterior.max(axis=1))


def test_rounding_above_one_is_no_negative_doubt() -> None:
    """A float32 softmax may sum to a little more than 1."""
    assert least_confidence([[1.00001, 0.0]]).tolist() == [0.0]
