"""Prosody: pitch, voicing, energy and pace of a clip."""

import numpy as np
import pytest

from ser.errors import ConfigurationError
from ser.features.pitch import track_pitch
from ser.features.prosody import COLUMNS, Prosody, find_nuclei, local_rate

RATE = 16000


def syllables(per_second, seconds=2.0, pitch_hz=150.0):
    """Return a voice whose level swings ``per_second`` times a second."""
    time_s = np.arange(round(seconds * RATE)) / RATE
    tone = sum(np.sin(2 * np.pi * k * pitch_hz * time_s) / k for k in range(1, 8))
    swing = 0.5 - 0.49 * np.cos(2 * np.pi * per_second * time_s)
    return (0.1 * swing * tone).astype(np.float32)


def columns(waveform, **parameters):
    """Return the prosody of a clip by name."""
    frames = Prosody(**parameters).compute([waveform])[0]
    return dict(zip(COLUMNS, frames.T, strict=True))


def test_pitch_and_voicing_are_those_of_the_tracker():
    """The logarithm of the pitch where there is one, and 0 elsewhere."""
    waveform = np.concatenate([syllables(4), np.zeros(RATE, np.float32)])
    found, track = columns(waveform), track_pitch(waveform, RATE, 256)
    is_voiced = track.f0_hz > 0
    np.testing.assert_allclose(
        np.exp(found["log_f0"][is_voiced]), track.f0_hz[is_voiced], rtol=1e-5
    )
    assert (found["log_f0"][~is_voiced] == 0).all()
    np.testing.assert_array_equal(found["voicing"], track.strength)


def test_energy_is_the_mean_square():
    """A sine of amplitude 0.2 has a mean square of 0.02; silence has the floor."""
    sine = (0.2 * np.sin(2 * np.pi * 200 * np.arange(RATE) / RATE)).astype(np.float32)
    assert columns(sine)["log_energy"][20] == pytest.approx(np.log(0.02), abs=1e-3)
    silent = columns(np.zeros(RATE, np.float32))["log_energy"]
    np.testing.assert_allclose(silent, np.log(1e-8), rtol=1e-5)


@pytest.mark.parametrize("per_second", [3, 5, 7])
def test_rate_counts_syllables(per_second):
    """In the middle of the clip the rate is that of the swings, a window's end aside."""
    rate = columns(syllables(per_second))["rate_hz"]
    assert np.median(rate[30:-30]) == pytest.approx(per_second, abs=1)


def test_silence_has_no_rate():
    """Without voice there is no syllable."""
    assert (columns(np.zeros(RATE, np.float32))["rate_hz"] == 0).all()


def test_a_peak_without_a_dip_before_it_is_no_new_syllable():
    """The higher of two peaks with a shallow dip between them is the nucleus."""
    levels = np.array([-50.0, -20, -20.5, -19, -50, -50, -50])
    assert find_nuclei(levels, np.ones(7, dtype=bool), dip_db=2.0) == [3]


def test_unvoiced_peaks_are_no_syllables():
    """A hiss is loud and has no nucleus."""
    levels = np.array([-50.0, -20, -50, -20, -50])
    assert find_nuclei(levels, np.array([1, 0, 1, 1, 1], dtype=bool), dip_db=2.0) == [3]


def test_local_rate_divides_by_the_frames_there_are():
    """At the ends the window is cut, and the count is divided by what is left."""
    np.testing.assert_allclose(local_rate([2], 5, 2), [1 / 3, 1 / 4, 1 / 5, 1 / 4, 1 / 3])


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"f_min": 0.0}, "f_min"),
        ({"f_min": 500.0}, "f_min"),
        ({"f_max": 5000.0}, "f_max"),
        ({"hop": 0}, "hop"),
        ({"rate_window_s": 0.0}, "rate_window_s"),
        ({"dip_db": -1.0}, "dip_db"),
    ],
)
def test_bad_parameters_are_named(parameters, name):
    """A parameter outside its range is refused by name."""
    with pytest.raises(ConfigurationError, match=f"`{name}`"):
        Prosody(**parameters)
