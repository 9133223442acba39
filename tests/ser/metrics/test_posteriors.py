"""What counts as a posterior."""

import numpy as np
import pytest

from ser.errors import ConfigurationError
from ser.metrics.posteriors import check_posterior, check_same_shape, log_posterior, one_hot


@pytest.mark.parametrize(
    ("posterior", "message"),
    [
        ([[0.5, 0.6]], r"`said` must hold probabilities .* 1 of 1 clips, first at position 0"),
        ([[0.5, 0.5], [1.5, -0.5]], r"first at position 1: \[1.5, -0.5\]"),
        ([[np.nan, 1.0]], "sum to 1 for each clip"),
        ([0.5, 0.5], r"`said` must have the shape \(N, C\) .* but has \(2,\)"),
        (np.empty((0, 3)), r"at least one clip and two classes, but has \(0, 3\)"),
        ([[1.0]], "two classes"),
    ],
    ids=["sum", "negative", "missing", "one axis", "empty", "one class"],
)
def test_what_is_no_posterior_is_refused(posterior, message):
    """The message names the argument and the first clip."""
    with pytest.raises(ConfigurationError, match=message):
        check_posterior("said", np.array(posterior))


def test_a_float32_softmax_is_a_posterior():
    """Rounding of single precision is no mistake."""
    rows = np.random.default_rng(0).dirichlet(np.ones(50), 99).astype(np.float32)
    assert check_posterior("said", rows).dtype == np.float64


def test_posteriors_of_other_clips_are_refused():
    """Both are named with their shapes."""
    two, three = np.full((2, 2), 0.5), np.full((3, 2), 0.5)
    with pytest.raises(ConfigurationError, match=r"`a` and `b` .* \(2, 2\) and \(3, 2\)"):
        check_same_shape("a", two, "b", three)


def test_a_zero_has_the_logarithm_of_the_smallest_float32():
    """One clip cannot make a mean infinite."""
    assert log_posterior(np.array([0.0, 1.0])) == pytest.approx([-87.3365, 0], abs=1e-3)


def test_one_hot_refuses_a_class_beyond_the_last():
    """An undecided label is not silently the last class."""
    with pytest.raises(ConfigurationError, match=r"`labels` must lie in 0 … 1, but holds \[-1\]"):
        one_hot(np.array([-1]), 2)
