"""What can make a network, and what is refused."""

import subprocess
import sys

import pytest

from ser.errors import ConfigurationError
from ser.models.parameters import COMPACT_CRNN, CRNN, NetworkParameters


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"channels": ()}, "`channels` and `time_pools`"),
        ({"channels": (8, 8), "time_pools": (2,)}, "`channels` and `time_pools`"),
        ({"time_pools": (2, 0, 1, 1)}, r"`time_pools` must be ≥ 1, but got \(2, 0, 1, 1\)"),
        ({"recurrent_size": 0}, "`recurrent_size` must be ≥ 1, but got 0"),
        ({"squeeze": -1}, "`squeeze` must be ≥ 0, but got -1"),
        ({"recurrent": "rnn"}, r"`recurrent` must be one of \['none', 'lstm', 'gru'\].*`rnn`"),
        ({"pooling": "mean"}, "`pooling` must be one of .* but got `mean`"),
        ({"dropout": 1.0}, r"`dropout` must lie in \[0, 1\), but got 1.0"),
        ({"encoder_dropout": -0.1}, "`encoder_dropout`"),
        ({"ratings": ("arousal", "arousal")}, "`ratings` must be distinct names"),
        ({"ratings": ("",)}, "`ratings` must be distinct names"),
        ({"members": 0}, "`members` must be ≥ 1, but got 0"),
        ({"members": 2, "centred": 3}, "`centred` counts `members` .* is 3 of 2"),
        ({"layers": 3, "centred": 1}, "`centred` counts .* is 1 of 1 over layers"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_impossible_parameters_are_refused(wrong, message):
    """The message names the parameter and the value."""
    with pytest.raises(ConfigurationError, match=message):
        NetworkParameters(**wrong)


def test_reduction_is_the_product_of_the_pools():
    """It counts the frames that become one state."""
    assert (CRNN.reduction, COMPACT_CRNN.reduction) == (4, 8)


def test_parameters_load_no_torch():
    """Plans and settings can name a network without loading what it takes to run one."""
    code = "import sys, ser.models.parameters; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
