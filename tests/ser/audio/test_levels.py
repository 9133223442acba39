"""Levels are those of the sound in each frame, whatever it is stored as and lies on."""

import numpy as np
import pytest

from ser.audio.levels import BLOCK_FRAMES, hold, measure_levels
from ser.audio.pcm import to_pcm16
from ser.errors import ConfigurationError


def square(samples, amplitude=0.1):
    """Return the fastest square wave: its level is its amplitude, in any frame."""
    return np.where(np.arange(samples) % 2, amplitude, -amplitude).astype(np.float32)


def noise(samples):
    """Return white noise at −20 dBFS."""
    return (0.1 * np.random.default_rng(2).standard_normal(samples)).astype(np.float32)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 48000])
def test_levels_at_other_rates(rate):
    """An alternation of ±0.1 is at −20 dBFS in every frame, at every rate."""
    levels = measure_levels(square(rate // 5), rate)
    np.testing.assert_allclose(levels, -20, atol=0.01)


def test_levels_equal_the_bare_formula():
    """The level is the power of what a parabola leaves of a frame, averaged over three."""
    waveform = noise(16000)
    time = np.arange(160)
    frames = waveform.reshape(-1, 160).astype(float)
    rest = [frame - np.polyval(np.polyfit(time, frame, 2), time) for frame in frames]
    power = np.pad(np.mean(np.square(rest), axis=1), 1, constant_values=np.nan)
    expected = 10 * np.log10(np.nanmean([power[:-2], power[1:-1], power[2:]], axis=0))
    np.testing.assert_allclose(measure_levels(waveform, 16000), expected, atol=1e-3)


@pytest.mark.parametrize(
    ("disturbance", "remaining_db"),
    [
        pytest.param(np.full(16000, 0.5), -60, id="offset"),
        pytest.param(0.1 * np.sin(np.arange(16000) * 2 * np.pi * 20 / 16000), -60, id="rumble"),
        pytest.param(0.1 * np.sin(np.arange(16000) * 2 * np.pi * 50 / 16000), -40, id="hum"),
        pytest.param(0.1 * np.sin(np.arange(16000) * 2 * np.pi * 60 / 16000), -37, id="US hum"),
    ],
)
def test_what_moves_slowly_is_left_out(disturbance, remaining_db):
    """Offset, rumble and hum hardly raise the level."""
    levels = measure_levels(disturbance.astype(np.float32), 16000)
    assert levels.max() < remaining_db


@pytest.mark.parametrize("pitch_hz", [120, 200, 300, 1000, 4000])
def test_what_voices_are_made_of_stays(pitch_hz):
    """A tone at the pitch of a voice or above it loses at most 6 dB, from 200 Hz on 1.5."""
    tone = np.sqrt(2) * 0.1 * np.sin(np.arange(16000) * 2 * np.pi * pitch_hz / 16000)
    levels = measure_levels(tone.astype(np.float32), 16000)
    assert np.median(levels) == pytest.approx(-20, abs=6 if pitch_hz < 200 else 1.5)


def test_int16_and_float32_have_equal_levels():
    """The same audio has the same levels, bit for bit, in both types."""
    samples = to_pcm16(noise(20000))
    floats = samples.astype(np.float32) / np.float32(32768)
    np.testing.assert_array_equal(measure_levels(samples, 16000), measure_levels(floats, 16000))


def test_long_recording_is_read_in_blocks(tmp_path):
    """A memory-mapped recording longer than a block has the levels of the one in memory."""
    samples = to_pcm16(noise((2 * BLOCK_FRAMES + 7) * 160 + 50))
    samples.tofile(tmp_path / "long.pcm")
    mapped = np.memmap(tmp_path / "long.pcm", np.int16, "r")
    levels = measure_levels(mapped, 16000)
    assert levels.shape == (2 * BLOCK_FRAMES + 7,)
    np.testing.assert_allclose(levels, measure_levels(samples, 16000))


def test_levels_need_one_frame():
    """Less than 10 ms has no frame."""
    with pytest.raises(ConfigurationError, match=r"at least 0\.01 s = 160 samples, but got 159"):
        measure_levels(np.zeros(159, np.float32), 16000)


@pytest.mark.parametrize("frames", [1, 2, 5, 9])
def test_hold_is_the_moving_minimum(frames):
    """Every entry is the least of as many levels on end."""
    levels = np.random.default_rng(0).standard_normal(9)
    expected = [levels[first : first + frames].min() for first in range(10 - frames)]
    np.testing.assert_array_equal(hold(levels, frames), expected)
