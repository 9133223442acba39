"""Clips sound about equally loud to annotators."""

import io

import numpy as np
import pytest
import soundfile

from pipelines.playback import encode_playback
from ser.audio.lufs import loudness_lufs

RATE = 16000


def stored(level: float) -> dict[str, object]:
    """Return a row of `waveforms` with syllables of noise at a level."""
    time = np.arange(2 * RATE) / RATE
    noise = np.random.default_rng(0).standard_normal(len(time))
    wave = level * np.clip(np.sin(2 * np.pi * 2 * time), 0, 1) * noise
    return {"pcm16": (wave * 32767).astype("<i2").tobytes(), "sample_rate": RATE}


def decode(encoded: bytes) -> np.ndarray:
    """Return the samples of a FLAC file."""
    samples, _ = soundfile.read(io.BytesIO(encoded), dtype="float32")
    return samples


def test_clips_20_db_apart_are_heard_alike() -> None:
    """Within half a loudness unit of each other and of what was wanted."""
    played = [decode(encode_playback(stored(level), -23.0)) for level in (0.2, 0.02)]
    assert [loudness_lufs(wave, RATE) for wave in played] == pytest.approx([-23, -23], abs=0.25)


def test_no_sample_is_clipped() -> None:
    """A target that peaks forbid is missed rather than met by clipping."""
    played = decode(encode_playback(stored(0.02), -5.0))
    assert 0.88 < np.abs(played).max() < 0.9
    assert loudness_lufs(played, RATE) < -6


def test_as_it_is_means_to_the_last_bit() -> None:
    """Without a target nothing is touched."""
    row = stored(0.1)
    played = decode(encode_playback(row, None))
    assert ((played * 32768).astype("<i2").tobytes()) == row["pcm16"]
