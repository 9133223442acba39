"""Levels follow the definition of dBFS."""

import math

import numpy as np
import pytest

from ser.audio.loudness import level_dbfs
from ser.errors import ConfigurationError


def test_full_scale_sine_is_minus_three():
    """A full-scale sine has an RMS of 1/√2, −3.01 dBFS; 1e-4 for float32 samples."""
    sine = np.sin(2 * np.pi * np.arange(16000) / 160).astype(np.float32)
    assert level_dbfs(sine) == pytest.approx(-3.0103, abs=1e-4)


def test_silence_is_minus_infinity():
    """Digital silence has no finite level, and none is made up."""
    assert level_dbfs(np.zeros(10, np.float32)) == -math.inf


def test_empty_is_refused():
    """No samples have no level."""
    with pytest.raises(ConfigurationError, match="at least one sample"):
        level_dbfs(np.zeros(0, np.float32))
