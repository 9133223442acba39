"""Candidates that do not fit together are refused."""

import numpy as np
import pytest

from annotation.errors import SamplingError
from annotation.sampling.batches import Candidates

GOOD = {
    "utility": np.zeros(3),
    "posterior": np.full((3, 2), 0.5),
    "embeddings": np.zeros((3, 4)),
    "known": np.zeros((2, 4)),
}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"utility": np.zeros(2)}, r"one row per clip.*\(2,\), \(3, 2\), \(3, 4\) and \(2, 4\)"),
        ({"posterior": np.full((2, 2), 0.5)}, "one row per clip"),
        ({"known": np.zeros((2, 3))}, "as many columns as `embeddings`"),
        ({"embeddings": np.zeros(3)}, r"`embeddings` must be \(clips, numbers\)"),
        ({"utility": [0.0, np.nan, 0.0]}, "row 1 of `utility` must be finite, but is nan"),
        ({"embeddings": np.full((3, 4), np.inf)}, "row 0 of `embeddings` must be finite"),
        ({"posterior": np.ones((3, 2))}, "row 0 of `posterior` must be probabilities"),
    ],
)
def test_what_does_not_fit_is_refused(wrong, message: str) -> None:
    """With the offender."""
    with pytest.raises(SamplingError, match=message):
        Candidates.checked(**{**GOOD, **wrong})


def test_a_part_of_the_candidates_keeps_what_was_asked() -> None:
    """The clips asked about are of the whole campaign."""
    part = Candidates.checked(**GOOD).take(np.array([2, 0]))
    assert (len(part), part.known.shape) == (2, (2, 4))


def test_numbers_whose_squares_overflow_are_finite() -> None:
    """The sum that is looked at first has not the last word."""
    Candidates.checked(**{**GOOD, "embeddings": np.full((3, 4), 3e38)})
