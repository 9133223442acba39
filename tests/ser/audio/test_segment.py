"""Trimming keeps speech, drops what is not, and says so when there is none."""

import numpy as np
import pytest

from ser.audio.segment import TrimSettings, find_speech, measure_levels
from ser.errors import AudioError, ConfigurationError

RATE = 16000


def tone(seconds, amplitude=0.1):
    """Return a voice-like tone: a 150 Hz buzz."""
    phase = np.arange(round(seconds * RATE)) * 150 / RATE
    return (amplitude * (2 * (phase % 1) - 1)).astype(np.float32)


def noise(seconds, amplitude):
    """Return white noise of an RMS amplitude."""
    rng = np.random.default_rng(5)
    return (amplitude * rng.standard_normal(round(seconds * RATE))).astype(np.float32)


def silence(seconds):
    """Return digital silence."""
    return np.zeros(round(seconds * RATE), np.float32)


def join(*parts):
    """Return the parts one after the other."""
    return np.concatenate(parts)


def with_noise(waveform, amplitude):
    """Return the waveform in white noise."""
    return waveform + noise(len(waveform) / RATE, amplitude)


IN_SILENCE = join(silence(1.0), tone(0.5), silence(1.0))


@pytest.mark.parametrize(
    ("waveform", "start_s", "end_s"),
    [
        pytest.param(IN_SILENCE, 0.9, 1.6, id="digital silence"),
        pytest.param(with_noise(IN_SILENCE, 0.001), 0.9, 1.6, id="quiet room"),
        pytest.param(with_noise(IN_SILENCE, 0.0058), 0.9, 1.6, id="20 dB"),
        pytest.param(with_noise(IN_SILENCE, 0.0083), 0.9, 1.6, id="17 dB"),
        pytest.param(join(silence(0.5), tone(0.3), silence(1), tone(0.3)), 0.4, 2.1, id="pause"),
        pytest.param(join(tone(0.5), silence(1)), 0.0, 0.6, id="starts at once"),
        pytest.param(join(silence(1), tone(0.5), silence(0.05)), 0.9, 1.55, id="ends soon"),
        pytest.param(join(tone(0.02), silence(1), tone(0.5), silence(1)), 0.92, 1.62, id="click"),
        pytest.param(join(silence(60), tone(0.3), silence(60)), 59.9, 60.4, id="long silence"),
    ],
)
def test_span_of_constructed_clips(waveform, start_s, end_s):
    """The span is the speech and 0.1 s around it, within one smoothed frame (20 ms)."""
    span = find_speech(waveform, RATE, TrimSettings())
    assert span.start / RATE == pytest.approx(start_s, abs=0.0201)
    assert span.end / RATE == pytest.approx(end_s, abs=0.0201)


@pytest.mark.parametrize(
    "waveform",
    [
        pytest.param(tone(1.003), id="tone"),
        pytest.param(noise(1.0, 0.1), id="noise as loud as can be"),
        pytest.param(tone(1.0) * np.linspace(0.3, 1, RATE, dtype=np.float32), id="crescendo"),
        pytest.param(tone(0.1), id="shortest clip"),
        pytest.param(with_noise(IN_SILENCE, 0.05), id="speech lost in noise"),
    ],
)
def test_clip_without_pauses_stays_whole(waveform):
    """Where nothing is clearly not speech, nothing is dropped, not even a partial frame."""
    span = find_speech(waveform, RATE, TrimSettings())
    assert (span.start, span.end) == (0, len(waveform))


@pytest.mark.parametrize(
    "waveform",
    [
        pytest.param(silence(1), id="digital silence"),
        pytest.param(noise(1, 1e-4), id="hiss at -80 dBFS"),
        pytest.param(join(silence(1), tone(0.005), silence(1)), id="a click"),
    ],
)
def test_silence_is_no_speech(waveform):
    """Silence, hiss and a lone click are refused, not trimmed to something."""
    with pytest.raises(AudioError, match=r"no_speech: no sound of 0\.05 s reaches -65"):
        find_speech(waveform, RATE, TrimSettings())


def test_padding_beyond_the_clip_keeps_all():
    """A padding longer than the clip turns trimming off."""
    span = find_speech(IN_SILENCE, RATE, TrimSettings(padding_s=1e4))
    assert (span.start, span.end) == (0, len(IN_SILENCE))


def test_span_does_not_depend_on_volume():
    """A clip ten times louder is trimmed at the same samples."""
    quiet = with_noise(IN_SILENCE, 0.001)
    spans = [find_speech(w, RATE, TrimSettings()) for w in (quiet, quiet * np.float32(8))]
    assert (spans[0].start, spans[0].end) == (spans[1].start, spans[1].end)


@pytest.mark.parametrize("rate", [8000, 11025, 48000])
def test_levels_at_other_rates(rate):
    """A constant of 0.1 is at −20 dBFS in every frame, at every rate."""
    levels = measure_levels(np.full(rate // 5, 0.1, np.float32), rate)
    np.testing.assert_allclose(levels, -20, atol=1e-5)


def test_levels_need_one_frame():
    """Less than 10 ms has no frame."""
    with pytest.raises(ConfigurationError, match=r"at least 0\.01 s = 160 samples, but got 159"):
        measure_levels(np.zeros(159, np.float32), RATE)


@pytest.mark.parametrize(
    "values",
    [{"guard_db": 50.0}, {"padding_s": -0.1}, {"noise_percentile": 101.0}],
    ids=str,
)
def test_bad_settings_are_named(values):
    """A setting outside its range is refused by name."""
    with pytest.raises(ConfigurationError, match=f"`{next(iter(values))}`"):
        TrimSettings(**values)
