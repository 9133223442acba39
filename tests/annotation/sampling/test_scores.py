"""Utility scores against scipy and by hand."""

import numpy as np
import pytest
from scipy import stats

from annotation.errors import SamplingError
from annotation.sampling import entropy, explain_utility, least_confidence, margin

POSTERIOR = np.random.default_rng(2).dirichlet([0.7] * 5, size=200)


def test_entropy_equals_scipy() -> None:
    """Entropy in nats is what scipy computes."""
    expected = stats.entropy(POSTERIOR, axis=1)
    np.testing.assert_allclose(entropy(POSTERIOR), expected, atol=1e-12)


def test_margin_and_least_confidence_by_sorting() -> None:
    """Both follow from the sorted row."""
    ordered = np.sort(POSTERIOR, axis=1)[:, ::-1]
    np.testing.assert_allclose(margin(POSTERIOR), 1 - ordered[:, 0] + ordered[:, 1])
    np.testing.assert_allclose(least_confidence(POSTERIOR), 1 - ordered[:, 0])


def test_margin_needs_two_classes() -> None:
    """One class has no runner-up."""
    with pytest.raises(SamplingError, match="must have at least two classes"):
        margin([[1.0]])


def test_explanations_name_the_leading_classes() -> None:
    """The likelier of the two comes first, and ties follow the class order."""
    rows = [[0.1, 0.3, 0.6], [0.4, 0.4, 0.2]]
    utility = least_confidence(rows)
    texts = explain_utility(utility, rows, strategy="least_confidence", classes=["a", "b", "c"])
    assert texts == [
        "least confidence 0.40, between c and b",
        "least confidence 0.60, between a and b",
    ]


def test_explanations_need_matching_classes() -> None:
    """Names for other columns are refused."""
    with pytest.raises(SamplingError, match="`classes` must name the 2 columns"):
        explain_utility([0.5], [[0.5, 0.5]], strategy="entropy", classes=["a"])
