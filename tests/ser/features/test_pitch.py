"""The pitch tracker finds known pitches, and none where there is none."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ser.errors import ConfigurationError
from ser.features.pitch import track_pitch

RATE = 16000
HOP = 256


def voice(pitch_hz, snr_db=30.0, missing=()):
    """Return harmonics of a pitch that may change by sample, with white noise."""
    phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE
    harmonics = [k for k in range(1, 16) if k not in missing and k * pitch_hz.max() < 7500]
    sound = 0.1 * sum(np.sin(k * phase) / k for k in harmonics)
    noise = np.random.default_rng(0).standard_normal(len(phase))
    noise *= np.sqrt(np.mean(sound**2) / np.mean(noise**2)) * 10 ** (-snr_db / 20)
    return (sound + noise).astype(np.float32)


@pytest.mark.parametrize("pitch_hz", [65, 90, 140, 220, 333, 480])
def test_a_steady_pitch_is_found_within_a_fifth_of_a_percent(pitch_hz):
    """Nearly all frames are voiced, without jumps to other octaves."""
    track = track_pitch(voice(np.full(RATE, float(pitch_hz))), RATE, HOP)
    is_voiced = track.f0_hz > 0
    assert is_voiced.mean() > 0.95
    np.testing.assert_allclose(track.f0_hz[is_voiced], pitch_hz, rtol=2e-3)


def test_a_glide_is_followed():
    """An octave in a second, known at every frame, is found within half a percent."""
    pitch_hz = 110 * 2 ** np.linspace(0, 1, RATE)
    track = track_pitch(voice(pitch_hz), RATE, HOP)
    expected = pitch_hz[np.minimum(np.arange(len(track.f0_hz)) * HOP, RATE - 1)]
    inner = slice(3, -3)
    np.testing.assert_allclose(track.f0_hz[inner], expected[inner], rtol=5e-3)


def test_a_missing_fundamental_is_heard():
    """A telephone takes the fundamental away, not the pitch."""
    track = track_pitch(voice(np.full(RATE, 120.0), missing=(1, 2)), RATE, HOP)
    np.testing.assert_allclose(np.median(track.f0_hz), 120, rtol=2e-3)


def test_pitch_is_found_in_noise():
    """At 5 dB most frames are voiced and right."""
    track = track_pitch(voice(np.full(RATE, 180.0), snr_db=5.0), RATE, HOP)
    assert (np.abs(track.f0_hz / 180 - 1) < 0.02).mean() > 0.9


@pytest.mark.parametrize(
    "sound",
    [np.random.default_rng(0).standard_normal(RATE) * 0.1, np.zeros(RATE), np.zeros(1)],
    ids=["noise", "silence", "one sample"],
)
def test_what_has_no_period_is_unvoiced(sound):
    """Noise and silence have no pitch, and no warning is raised on the way."""
    track = track_pitch(sound.astype(np.float32), RATE, HOP)
    assert (track.f0_hz == 0).all()
    assert ((track.strength >= 0) & (track.strength <= 1)).all()


def test_voice_ends_where_the_sound_does():
    """Silence around a tone is unvoiced; a window's half length is all that may be off."""
    sound = np.concatenate([np.zeros(8000), voice(np.full(8000, 200.0), snr_db=60), np.zeros(8000)])
    voiced = np.flatnonzero(track_pitch(sound.astype(np.float32), RATE, HOP).f0_hz)
    assert abs(voiced[0] * HOP - 8000) < 800
    assert abs(voiced[-1] * HOP - 16000) < 800


def test_impossible_pitches_are_refused():
    """The lowest pitch lies below the highest."""
    with pytest.raises(ConfigurationError, match=r"`f_min` < `f_max`.*but got 200 and 100"):
        track_pitch(np.zeros(100, np.float32), RATE, HOP, f_min=200, f_max=100)


def test_women_of_ravdess_speak_higher_than_men():
    """Median pitches of two clips of each of six actors, even numbers being women."""
    data = Path(os.environ.get("SERLOOP_DATA", Path(__file__).parents[4] / "shared" / "data"))
    root = data / "ravdess" / "flac16k"
    if not root.is_dir():
        pytest.skip(f"no RAVDESS under `{data}`")
    medians = []
    for actor in range(1, 7):
        files = sorted(root.glob(f"Actor_{actor:02}/*"))[:40:20]
        tracks = [track_pitch(soundfile.read(f, dtype="float32")[0], RATE, HOP) for f in files]
        pitches = np.concatenate([track.f0_hz for track in tracks])
        medians.append(np.median(pitches[pitches > 0]))
    men, women = medians[0::2], medians[1::2]
    assert 80 < min(men) < max(men) < min(women) < max(women) < 350
