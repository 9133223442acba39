"""Choices of a fusion: what cannot work is refused by name."""

import pytest

from ser.errors import ConfigurationError
from ser.fusion.parameters import FusionParameters


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "early"}, r"`kind` must be one of \['late'.*but got `early`"),
        ({"heads": 3}, "`heads` must be ≥ 1 and divide `size`, but got 3 and 64"),
        ({"drop_words": 1.0}, r"`drop_words` must lie in \[0, 1\), but got 1.0"),
        ({"drop_words": 0.5, "drop_sound": 0.5}, "must leave clips with both, but sum to 1.0"),
        ({"side_loss": -1.0}, "`side_loss` must be ≥ 0, but got -1.0"),
    ],
)
def test_a_choice_that_cannot_work_is_refused(options: dict, message: str):
    """The message names the choice and what it was."""
    with pytest.raises(ConfigurationError, match=message):
        FusionParameters(**options)
