"""What is no posterior is refused, and nothing else."""

import numpy as np
import pytest

from annotation.errors import SamplingError
from annotation.sampling.utilities.checks import BLOCK, by_class, check_posterior


def test_a_float64_posterior_is_not_copied() -> None:
    """A million clips are 64 MB."""
    posterior = np.full((4, 2), 0.5)
    assert check_posterior(posterior) is posterior


@pytest.mark.parametrize(
    "bad",
    [[np.nan, 1.0], [np.inf, 0.0], [-np.inf, np.inf], [1.5, -0.5], [0.5, 0.4998], [0.0, 0.0]],
    ids=str,
)
def test_one_bad_row_among_many_is_found(bad: list[float]) -> None:
    """Whatever is wrong with it, it is named."""
    posterior = np.full((3000, 2), 0.5)
    posterior[2718] = bad
    with pytest.raises(SamplingError, match=r"row 2718 of `told` must be .* \(1 such rows\)"):
        check_posterior(posterior, name="told")


def test_roundings_of_float32_are_forgiven() -> None:
    """A softmax of hundreds of classes does not sum to 1 exactly."""
    logits = np.random.default_rng(0).normal(size=(50, 300)).astype(np.float32)
    softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert check_posterior(softmax).dtype == np.float64


def test_blocks_cover_the_pool() -> None:
    """In order, a class a row."""
    posterior = np.random.default_rng(0).dirichlet([1.0] * 3, 2 * BLOCK + 5)
    seen = [(where, columns.copy()) for where, columns in by_class(posterior)]
    np.testing.assert_array_equal(np.concatenate([of for _, of in seen], axis=1), posterior.T)
    for where, columns in seen:
        np.testing.assert_array_equal(posterior[where].T, columns)
