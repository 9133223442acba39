"""Utilities in words and on a scale."""

import numpy as np
import pytest

from annotation.confusion import confusion_for
from annotation.errors import SamplingError
from annotation.sampling import (
    UTILITIES,
    Known,
    explain_utility,
    least_confidence,
    max_utility,
)


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


@pytest.mark.parametrize("name", UTILITIES)
def test_no_utility_exceeds_its_maximum(name: str) -> None:
    """Whatever is known: the scale that tasks are shown on holds."""
    members = np.random.default_rng(0).dirichlet([0.05] * 4, (9, 3000))
    posterior = np.concatenate([members[0], [[0.25] * 4]])
    members = np.concatenate([members, np.eye(4)[np.arange(9) % 4][:, None]], axis=1)
    for confusion in (None, confusion_for(["anger", "calm", "fear", "sadness"])):
        known = Known(posterior, members, ambiguity=np.zeros(3001), confusion=confusion)
        found = UTILITIES[name](known).max()
        assert 0.4 * max_utility(name, 4) < found <= max_utility(name, 4) + 1e-12


def test_an_unknown_name_is_refused() -> None:
    """With those there are."""
    with pytest.raises(SamplingError, match=r"must be one of \['bald'.*but got 'luck'"):
        max_utility("luck", 4)
