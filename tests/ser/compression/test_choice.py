"""What a student hears is checked before anything is asked of a teacher."""

import pytest

from ser.compression.choice import Distillation
from ser.errors import ConfigurationError


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"temperature": 0.0}, "`temperature` must be > 0, but got 0.0"),
        ({"trust": 1.5}, "`trust` must lie in"),
        ({"speeds": (3.0,)}, "`speeds` must lie in 0.5 … 2"),
        ({"speeds": (0.9, 0.9)}, "name each speed of a copy once"),
        ({"speeds": (1.0,)}, "and not 1"),
        ({"folds": 1}, "`folds` must be 0 or ≥ 2, but got 1"),
    ],
)
def test_numbers_out_of_range_are_refused(given, told):
    """The message names the number and its range."""
    with pytest.raises(ConfigurationError, match=told):
        Distillation(**given)
