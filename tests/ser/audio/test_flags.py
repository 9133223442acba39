"""Warning flags are a closed list with one explanation each."""

import math
from typing import get_args

import pytest

from ser.audio.flags import FLAGS, Flag, flag_sound

FINE = {"level_dbfs": -30.0, "snr_db": 30.0, "clipped_fraction": 0.0, "dc_offset": 0.0}


def test_every_flag_is_explained():
    """The table and the type name the same codes, sorted."""
    assert list(FLAGS) == sorted(get_args(Flag))
    assert all(FLAGS.values())


@pytest.mark.parametrize(
    ("measured", "flags"),
    [
        ({}, []),
        ({"snr_db": math.nan}, []),
        ({"clipped_fraction": 0.001}, ["clipped"]),
        ({"dc_offset": -0.005}, ["dc_offset"]),
        ({"snr_db": 14.9}, ["noisy"]),
        ({"level_dbfs": -math.inf}, ["quiet"]),
    ],
    ids=str,
)
def test_measurements_raise_their_flag(measured, flags):
    """Each limit raises its own flag, and what could not be measured raises none."""
    assert list(flag_sound(**{**FINE, **measured})) == flags
