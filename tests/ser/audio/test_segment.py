"""Trimming keeps speech, drops what is not, and says so when there is none."""

import numpy as np
import pytest

from ser.audio.pcm import to_pcm16
from ser.audio.segment import TrimSettings, find_speech, find_thresholds, stretch
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
NO_FADE = TrimSettings(fade_s_per_db=0)


@pytest.mark.parametrize(
    ("waveform", "start_s", "end_s"),
    [
        pytest.param(IN_SILENCE, 0.9, 1.6, id="digital silence"),
        pytest.param(with_noise(IN_SILENCE, 0.001), 0.9, 1.6, id="quiet room"),
        pytest.param(with_noise(IN_SILENCE, 0.0058), 0.9, 1.6, id="20 dB"),
        pytest.param(with_noise(IN_SILENCE, 0.0103), 0.9, 1.6, id="15 dB"),
        pytest.param(IN_SILENCE + np.float32(0.2), 0.9, 1.6, id="offset"),
        pytest.param(join(silence(0.5), tone(0.3), silence(1), tone(0.3)), 0.4, 2.1, id="pause"),
        pytest.param(join(tone(0.5), silence(1)), 0.0, 0.6, id="starts at once"),
        pytest.param(join(silence(1), tone(0.5), silence(0.05)), 0.9, 1.55, id="ends soon"),
        pytest.param(join(tone(0.02), silence(1), tone(0.5), silence(1)), 0.92, 1.62, id="click"),
        pytest.param(join(silence(60), tone(0.3), silence(60)), 59.9, 60.4, id="long silence"),
    ],
)
def test_span_of_constructed_clips(waveform, start_s, end_s):
    """The span is the speech and 0.1 s around it, within one smoothed frame (20 ms)."""
    span = find_speech(waveform, RATE, NO_FADE)
    assert span.start / RATE == pytest.approx(start_s, abs=0.0201)
    assert span.end / RATE == pytest.approx(end_s, abs=0.0201)


@pytest.mark.parametrize(("amplitude", "padding_s"), [(0, 0.1), (0.0013, 0.2), (0.0041, 0.3)])
def test_padding_grows_with_the_noise(amplitude, padding_s):
    """Each 10 dB of noise above what can be heard of speech add 0.1 s at both ends."""
    span = find_speech(with_noise(IN_SILENCE, amplitude), RATE, TrimSettings())
    assert span.start / RATE == pytest.approx(1.0 - padding_s, abs=0.035)
    assert span.end / RATE == pytest.approx(1.5 + padding_s, abs=0.035)


@pytest.mark.parametrize("gap_s", [0.05, 0.15, 0.3])
def test_soft_sounds_near_speech_belong_to_it(gap_s):
    """An onset and an ending 4 dB above the noise are kept if they are at most 0.2 s away."""
    soft = noise(0.1, 0.00625)
    clean = join(silence(1), soft, silence(gap_s), tone(0.5), silence(gap_s), soft, silence(1))
    span = find_speech(with_noise(clean, 0.005), RATE, NO_FADE)
    is_near = gap_s < 0.2
    first, last = (1.0, 1.7 + 2 * gap_s) if is_near else (1.1 + gap_s, 1.6 + gap_s)
    assert span.start / RATE == pytest.approx(first - 0.1, abs=0.0301)
    assert span.end / RATE == pytest.approx(last + 0.1, abs=0.0301)


def test_noise_that_varies_raises_the_threshold():
    """In noise whose level wanders by some dB speech has to stand out by more than `rise_db`."""
    rng = np.random.default_rng(4)
    steady, wandering = rng.normal(-60, 0.2, 500), rng.normal(-60, 1.5, 500)
    steady[200:300] = wandering[200:300] = -20
    found = [find_thresholds(levels, TrimSettings()) for levels in (steady, wandering)]
    assert found[0].speech - found[0].floor == pytest.approx(6)
    assert 6 < found[1].speech - found[1].floor <= 12


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


@pytest.mark.parametrize("amplitude", [0, 0.001, 0.05])
def test_int16_and_float32_have_equal_spans(amplitude):
    """The same audio is trimmed at the same samples in both types."""
    samples = to_pcm16(with_noise(IN_SILENCE, amplitude))
    floats = samples.astype(np.float32) / np.float32(32768)
    spans = [find_speech(waveform, RATE, TrimSettings()) for waveform in (samples, floats)]
    assert (spans[0].start, spans[0].end) == (spans[1].start, spans[1].end)
    assert spans[0].floor_dbfs == spans[1].floor_dbfs


@pytest.mark.parametrize("rate", [8000, 22050, 48000])
def test_span_at_other_rates(rate):
    """Times are the same at every rate."""
    second = np.zeros(rate, np.float32)
    buzz = (0.2 * (np.arange(rate) * 150 / rate % 1) - 0.1).astype(np.float32)
    span = find_speech(join(second, buzz, second), rate, TrimSettings())
    assert span.start / rate == pytest.approx(0.9, abs=0.0201)
    assert span.end / rate == pytest.approx(2.1, abs=0.0201)


@pytest.mark.parametrize(
    ("soft", "expected"),
    [
        pytest.param([], (50, 60), id="nothing around"),
        pytest.param([30, 42, 65], (42, 68), id="in reach and beyond"),
        pytest.param([39, 44, 47, 58, 63, 68], (39, 71), id="step by step"),
        pytest.param([10, 90], (50, 60), id="too far"),
    ],
)
def test_stretch_takes_steps(soft, expected):
    """A span reaches on from one soft sound of three frames to the next, five frames at most."""
    assert stretch(50, 60, np.array(soft, dtype=np.int64), 3, 5) == expected


@pytest.mark.parametrize(
    "values",
    [{"guard_db": 50.0}, {"padding_s": -0.1}, {"gap_s": -1.0}, {"noise_percentile": 101.0}],
    ids=str,
)
def test_bad_settings_are_named(values):
    """A setting outside its range is refused by name."""
    with pytest.raises(ConfigurationError, match=f"`{next(iter(values))}`"):
        TrimSettings(**values)
