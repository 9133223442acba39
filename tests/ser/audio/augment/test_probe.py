"""Clips under noise and gain that are chosen, not drawn."""

import numpy as np
import pytest

from ser.audio.augment.probe import with_gain, with_noise
from ser.errors import ConfigurationError

RATE = 16000


def tone(seconds: float, level: float = 0.1) -> np.ndarray:
    """Return a tone."""
    return (level * np.sin(np.arange(int(seconds * RATE)) / 7)).astype(np.float32)


@pytest.mark.parametrize("snr_db", [0.0, 10.0, 30.0])
def test_noise_has_the_ratio_asked_for(snr_db: float) -> None:
    """Mean squares of clip and of what was added differ by that many decibels."""
    clean = tone(1.0)
    (noisy,) = with_noise([clean], [1], snr_db=snr_db, sample_rate=RATE)
    added = noisy / 32768 - clean
    ratio = 10 * np.log10(np.mean(clean**2) / np.mean(added**2))
    assert ratio == pytest.approx(snr_db, abs=0.05)


def test_noise_depends_on_the_clip_alone() -> None:
    """The same clip gets the same noise in any company, another seed another one."""
    clips = [tone(0.5), tone(0.7), tone(0.5)]
    together = with_noise(clips, [1, 2, 3], snr_db=10.0, sample_rate=RATE)
    (alone,) = with_noise(clips[1:2], [2], snr_db=10.0, sample_rate=RATE)
    np.testing.assert_array_equal(together[1], alone)
    assert (together[0] != together[2]).any()


def test_noise_wants_a_seed_for_each_clip() -> None:
    """Two clips and one seed do not fit."""
    with pytest.raises(ConfigurationError, match="one per clip, but are 1 for 2 clips"):
        with_noise([tone(0.1)] * 2, [1], snr_db=10.0, sample_rate=RATE)


def test_gain_is_as_asked_until_it_clips() -> None:
    """20 dB are a factor of ten; what is beyond full scale stays there."""
    clip = np.array([0.01, -0.05, 0.5, -0.5], np.float32)
    (louder,) = with_gain([clip], gain_db=20.0)
    assert louder.tolist() == [3277, -16384, 32767, -32768]
    (softer,) = with_gain([np.array([3277, -16384], np.int16)], gain_db=-20.0)
    assert softer.tolist() == [328, -1638]
