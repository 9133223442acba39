"""Speed copies: pitch and length move together."""

import numpy as np
import pytest

from ser.audio.augment.speed import speed_perturb
from ser.errors import ConfigurationError


@pytest.mark.parametrize("factor", [0.9, 1.1, 0.5, 2.0])
def test_speed_moves_pitch_and_length(factor):
    """A 400 Hz tone becomes one of 400 · factor Hz and 1 / factor as long."""
    tone = np.sin(2 * np.pi * 400 * np.arange(16000) / 16000).astype(np.float32)
    changed = speed_perturb([tone], factor)[0]
    peak_hz = np.abs(np.fft.rfft(changed)).argmax() * 16000 / len(changed)
    assert peak_hz == pytest.approx(400 * factor, abs=2)
    assert len(changed) == int(np.ceil(16000 / round(factor, 2)))


def test_speed_takes_stored_waveforms():
    """Int16 waveforms are varied like their float values; speed 1 changes nothing."""
    stored = np.array([16384, -16384, 0, 100], np.int16)
    np.testing.assert_array_equal(speed_perturb([stored], 1.0)[0], stored / 32768)


def test_speed_out_of_range_is_refused():
    """A speed of zero is no speed."""
    with pytest.raises(ConfigurationError, match=r"`factor` must lie in 0\.5 … 2, but got 0"):
        speed_perturb([], 0)
