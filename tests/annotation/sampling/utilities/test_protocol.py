"""What is known of a pool fits together, and says what is missing."""

import numpy as np
import pytest

from annotation.errors import SamplingError
from annotation.sampling import Known

POSTERIOR = np.full((3, 2), 0.5)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"members": np.full((5, 2, 2), 0.5)}, r"`members` must be \(5, 3, 2\)"),
        ({"disagreement": np.zeros(4)}, r"`disagreement` must be \(3,\)"),
        ({"ambiguity": np.zeros((3, 1))}, r"`ambiguity` must be \(3,\).* has shape \(3, 1\)"),
        ({"confusion": np.eye(3)}, r"`confusion` must be \(2, 2\), as `posterior` is \(3, 2\)"),
        ({"posterior": np.ones(3)}, r"`posterior` must be \(clips, classes\)"),
    ],
)
def test_parts_of_different_pools_are_refused(parts: dict, message: str) -> None:
    """With both shapes."""
    with pytest.raises(SamplingError, match=message):
        Known(**{"posterior": POSTERIOR, **parts})


def test_it_is_as_long_as_the_pool() -> None:
    """However many members there are."""
    assert len(Known(POSTERIOR, np.full((7, 3, 2), 0.5))) == 3
