"""Loudness after ITU-R BS.1770, and playback of equal loudness."""

import math

import numpy as np
import pytest
import torch
import torchaudio

from ser.audio.lufs import PEAK_DBFS, k_weighting, loudness_lufs, set_loudness
from ser.errors import ConfigurationError

RATE = 16000


def speech_like(seconds: float = 3.0, *, level: float = 0.1, seed: int = 0) -> np.ndarray:
    """Return syllables of noise with pauses, peaks about 12 dB above the RMS."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    syllables = np.clip(np.sin(2 * np.pi * 2 * time), 0, 1)
    return (level * syllables * rng.standard_normal(len(time))).astype(np.float32).clip(-1, 1)


def tone(decibels: float, seconds: float = 2.0, rate: int = 48000) -> np.ndarray:
    """Return a sine of 997 Hz, dB below full scale."""
    time = np.arange(int(seconds * rate)) / rate
    return (10 ** (decibels / 20) * np.sin(2 * np.pi * 997 * time)).astype(np.float32)


def test_the_filters_are_the_standard_s_at_48_khz() -> None:
    """The design formulas give the coefficients of tables 1 and 2 of BS.1770."""
    shelf, high_pass = k_weighting(48000)
    printed = [1.53512485958697, -2.69169618940638, 1.19839281085285]
    assert shelf == pytest.approx([*printed, 1, -1.69065929318241, 0.73248077421585], abs=1e-9)
    assert high_pass == pytest.approx([1, -2, 1, 1, -1.99004745483398, 0.99007225036621], abs=1e-9)


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_a_sine_of_full_scale_is_minus_three(rate: int) -> None:
    """BS.1770 says −3.01 LUFS for 997 Hz on one channel, at any sample rate."""
    assert loudness_lufs(tone(0, rate=rate), rate) == pytest.approx(-3.01, abs=0.05)


def test_it_agrees_with_torchaudio() -> None:
    """An independent implementation, which rounds the filters' parameters, is within 0.2 LU."""
    wave = np.tile(speech_like(), 3)
    other = torchaudio.functional.loudness(torch.from_numpy(wave)[None], RATE)
    assert loudness_lufs(wave, RATE) == pytest.approx(float(other), abs=0.2)


def test_pauses_are_gated() -> None:
    """As much silence again changes nothing, though it halves the power."""
    wave = tone(-20)
    padded = np.concatenate([wave, np.zeros(2 * len(wave), np.float32)])
    assert loudness_lufs(padded, 48000) == pytest.approx(loudness_lufs(wave, 48000), abs=0.5)


def test_a_clip_shorter_than_a_block_has_a_loudness() -> None:
    """A syllable of 0.2 s is one block."""
    assert loudness_lufs(tone(-20, 0.2), 48000) == pytest.approx(-23, abs=0.2)


def test_silence_is_infinitely_quiet_and_stays_so() -> None:
    """Nothing to amplify is not amplified."""
    silence = np.zeros(RATE, np.float32)
    assert loudness_lufs(silence, RATE) == -math.inf
    assert set_loudness(silence, RATE, -23) is silence


def test_clips_20_db_apart_come_out_alike() -> None:
    """Gain is no cue: what is left of 20 dB is less than half a loudness unit."""
    loud, quiet = speech_like(level=0.2), speech_like(level=0.02, seed=1)
    apart = loudness_lufs(loud, RATE) - loudness_lufs(quiet, RATE)
    heard = [loudness_lufs(set_loudness(wave, RATE, -23), RATE) for wave in (loud, quiet)]
    assert apart == pytest.approx(20, abs=0.5)
    assert heard == pytest.approx([-23, -23], abs=0.1)


def test_peaks_limit_the_gain() -> None:
    """A click in a quiet clip is not clipped; the clip stays quieter than wanted."""
    wave = speech_like(level=0.005)
    wave[100] = 0.9
    played = set_loudness(wave, RATE, -23)
    assert np.abs(played).max() == pytest.approx(10 ** (PEAK_DBFS / 20), abs=1e-6)
    assert loudness_lufs(played, RATE) < -30
    assert np.allclose(played / played[100], wave / wave[100], atol=1e-6)


def test_an_empty_waveform_is_refused() -> None:
    """Nothing has no loudness."""
    with pytest.raises(ConfigurationError, match="`waveform` must hold at least one sample"):
        loudness_lufs(np.zeros(0, np.float32), RATE)
