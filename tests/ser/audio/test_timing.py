"""Seconds and samples agree in both directions."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ser.audio.timing import samples_to_seconds, seconds_to_samples
from ser.errors import ConfigurationError


@given(st.integers(0, 2**40), st.sampled_from([8000, 11025, 16000, 22050, 44100, 48000, 96000]))
def test_round_trip(samples, sample_rate):
    """A sample's time leads back to that sample."""
    assert seconds_to_samples(samples_to_seconds(samples, sample_rate), sample_rate) == samples


@pytest.mark.parametrize(
    ("seconds", "sample_rate", "samples"),
    [(0.0, 8000, 0), (0.5, 1, 1), (1.5, 1, 2), (2.5, 1, 3), (0.49, 1, 0), (0.01, 11025, 110)],
)
def test_halves_round_up(seconds, sample_rate, samples):
    """Halves go up, to odd and even samples alike."""
    assert seconds_to_samples(seconds, sample_rate) == samples


@pytest.mark.parametrize(("seconds", "rate"), [(math.nan, 16000), (math.inf, 16000), (1.0, 0)])
def test_undefined_time_is_refused(seconds, rate):
    """Neither NaN nor a rate of zero has a sample."""
    with pytest.raises(ConfigurationError, match="`seconds` must be finite"):
        seconds_to_samples(seconds, rate)


def test_zero_rate_has_no_time():
    """A sample has no time at a rate of zero."""
    with pytest.raises(ConfigurationError, match="`sample_rate` must be > 0 Hz, but got 0"):
        samples_to_seconds(1, 0)
