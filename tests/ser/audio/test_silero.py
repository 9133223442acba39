"""The neural detector finds speech, the same every time, and says what it needs."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from ser.audio.pcm import from_pcm16
from ser.audio.segment import TrimSettings, find_speech
from ser.audio.silero import find_speech_silero, measure_probabilities
from ser.corpora.synthetic_speech import SENTENCES, Manner, Voice, synthesise
from ser.errors import AudioError, ConfigurationError

RATE = 16000
VOICE = Voice(120.0, 1.0, 1.0, 0.1, 0.0, 0.0, -75.0, 1.0)


@pytest.fixture(scope="module")
def clip():
    """Return a sentence between seconds of silence, int16, and where it is."""
    speech = synthesise(VOICE, Manner(), SENTENCES[0], np.random.default_rng(1))
    return np.pad(speech, RATE), (RATE, RATE + len(speech))


def test_speech_is_found_and_silence_dropped(clip):
    """The span holds the sentence, less the silence that the synthesis puts around it."""
    waveform, (start, end) = clip
    span = find_speech_silero(waveform, RATE, TrimSettings())
    assert start - 0.2 * RATE < span.start < start + 0.5 * RATE
    assert end - 0.5 * RATE < span.end < end + 0.2 * RATE


def test_levels_are_those_of_the_energy_threshold(clip):
    """What the noise is estimated from does not depend on the detector."""
    ours, other = (
        find(clip[0], RATE, TrimSettings()) for find in (find_speech_silero, find_speech)
    )
    np.testing.assert_array_equal(ours.levels_dbfs, other.levels_dbfs)
    assert (ours.floor_dbfs, ours.threshold_dbfs) == (other.floor_dbfs, other.threshold_dbfs)


def test_result_depends_on_the_waveform_only(clip):
    """Neither what came before nor the type of the samples changes a bit."""
    waveform = clip[0]
    first = measure_probabilities(waveform, RATE)
    measure_probabilities(np.roll(waveform, 5000)[:20000], RATE)
    for again in (waveform, from_pcm16(waveform)):
        np.testing.assert_array_equal(measure_probabilities(again, RATE), first)


def test_threads_of_torch_are_left_alone(clip):
    """It runs on one thread and gives torch back the number it had."""
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        measure_probabilities(clip[0], RATE)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)


def test_eight_kilohertz(clip):
    """At 8 kHz the windows last as long and the span is about the same."""
    waveform, _ = clip
    at_8k = from_pcm16(waveform)[: len(waveform) // 2 * 2].reshape(-1, 2).mean(axis=1)
    spans = [
        find_speech_silero(samples, rate, TrimSettings())
        for samples, rate in ((waveform, RATE), (at_8k, RATE // 2))
    ]
    assert spans[1].start / 8000 == pytest.approx(spans[0].start / RATE, abs=0.4)
    assert spans[1].end / 8000 == pytest.approx(spans[0].end / RATE, abs=0.4)


def test_clip_it_hears_no_speech_in_is_left_to_the_energy_threshold():
    """A clip that it takes for noise is trimmed by its levels, not refused."""
    noise = 0.01 * np.random.default_rng(0).standard_normal(RATE)
    waveform = np.pad(noise, RATE).astype(np.float32)
    assert measure_probabilities(waveform, RATE).max() < 0.5
    ours, other = (
        find(waveform, RATE, TrimSettings()) for find in (find_speech_silero, find_speech)
    )
    assert (ours.start, ours.end) == (other.start, other.end)


def test_silence_is_refused():
    """Silence is no speech for it either."""
    with pytest.raises(AudioError, match=r"no_speech: no sound of 0\.05 s reaches -65"):
        find_speech_silero(np.zeros(RATE, np.float32), RATE, TrimSettings())


def test_other_rates_are_refused():
    """Only the two rates it was trained at are taken."""
    with pytest.raises(ConfigurationError, match="8000 or 16000 Hz, but got 44100"):
        measure_probabilities(np.zeros(44100, np.float32), 44100)


def test_missing_package_names_the_extra():
    """Without the package the error says what to install."""
    code = (
        "import sys; sys.modules['silero_vad'] = None\n"
        "from ser.audio.finders import find_finder\n"
        "find_finder('silero')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=120
    )
    assert "ConfigurationError: the Silero VAD needs `silero_vad`" in done.stderr
    assert "pip install 'serloop[silero]'" in done.stderr
