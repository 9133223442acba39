"""Clipping and noise are measured, or said to be unmeasurable."""

import math

import numpy as np
import pytest

from ser.audio.quality import count_clipped, estimate_snr_db
from ser.audio.segment import TrimSettings, find_speech


def recording(snr_db, *, pause_s=1.0):
    """Return a second of a tone between pauses, all in white noise of a known ratio."""
    rng = np.random.default_rng(3)
    pause = np.zeros(int(16000 * pause_s))
    tone = 0.1 * np.sin(np.arange(16000) * 0.3)
    clean = np.concatenate([pause, tone, pause])
    noise_power = np.mean(tone**2) / 10 ** (snr_db / 10)
    return (clean + rng.standard_normal(len(clean)) * np.sqrt(noise_power)).astype(np.float32)


@pytest.mark.parametrize("snr_db", [18, 20, 30, 40])
def test_snr_of_a_known_mixture(snr_db):
    """The estimate is within 1.5 dB: the floor frames are the quieter half of the noise."""
    span = find_speech(recording(snr_db), 16000, TrimSettings())
    assert estimate_snr_db(span) == pytest.approx(snr_db, abs=1.5)


@pytest.mark.parametrize(
    "waveform",
    [
        pytest.param(recording(200), id="digital silence around speech"),
        pytest.param(recording(40, pause_s=0), id="no pause at all"),
    ],
)
def test_snr_is_nan_without_noise_frames(waveform):
    """Where no frame shows the noise alone, the ratio is NaN."""
    assert math.isnan(estimate_snr_db(find_speech(waveform, 16000, TrimSettings())))


@pytest.mark.parametrize("scale", [1, 32768], ids=["int16", "float32"])
def test_clipped_samples_are_counted_at_both_ends(scale):
    """Samples at either end of the 16-bit range count, those just inside do not."""
    counts = np.array([32767, -32768, -32767, 32766, -32766, 0])[:, None]
    samples = counts.astype(np.int16) if scale == 1 else (counts / scale).astype(np.float32)
    assert count_clipped(samples) == 3
    assert count_clipped(samples[3:]) == 0
