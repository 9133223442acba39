"""Where the speech is that can be heard right now."""

import numpy as np
import pytest

from ser.audio.segment import TrimSettings
from ser.streaming.speech import SpeechNow, find_utterance

TRIM = TrimSettings()


def levels(*stretches):
    """Return levels of stretches given as (dBFS, frames), with half a decibel of flutter."""
    dbfs, frames = zip(*stretches, strict=True)
    flutter = np.random.default_rng(0).uniform(-0.5, 0.5, sum(frames))
    return np.repeat(np.array(dbfs, float), frames) + flutter


def test_speech_that_goes_on_is_found_from_its_onset():
    """It ends now."""
    assert find_utterance(levels((-60, 100), (-20, 40)), TRIM) == SpeechNow(onset=40, end=0)


@pytest.mark.parametrize(
    "heard",
    [levels((-60, 500)), levels((-25, 500)), levels((-100, 500)), levels((-60, 2))],
    ids=["hiss", "loud hiss", "digital silence", "hardly anything"],
)
def test_noise_is_no_speech(heard):
    """However loud a steady noise is."""
    assert find_utterance(heard, TRIM) is None


def test_a_click_is_no_speech():
    """Nothing shorter than 50 ms is."""
    assert find_utterance(levels((-60, 100), (-10, 4), (-60, 10)), TRIM) is None


def test_an_utterance_is_over_a_breath_after_its_end():
    """It stays for 0.3 s, and then nobody speaks."""
    spoken = ((-60, 100), (-20, 40))
    assert find_utterance(levels(*spoken, (-60, 29)), TRIM) == SpeechNow(onset=69, end=29)
    assert find_utterance(levels(*spoken, (-60, 30)), TRIM) is None


def test_a_short_pause_belongs_to_the_utterance_and_a_long_one_ends_it():
    """Half a second parts two."""
    short = levels((-60, 100), (-20, 40), (-60, 45), (-20, 20))
    long = levels((-60, 100), (-20, 40), (-60, 55), (-20, 20))
    assert find_utterance(short, TRIM) == SpeechNow(onset=105, end=0)
    assert find_utterance(long, TRIM) == SpeechNow(onset=20, end=0)


def test_a_soft_onset_belongs_to_speech():
    """A sound that is no speech by itself is, once speech follows."""
    before = levels((-60, 100), (-56.5, 15))
    assert find_utterance(before, TRIM) is None
    after = levels((-60, 100), (-56.5, 15), (-20, 10))
    assert find_utterance(after, TRIM).onset == 25


def test_a_louder_room_is_learned():
    """What is steady for the memory's length is the new noise floor."""
    found = find_utterance(levels((-45, 2000)), TRIM)
    assert found is None
    assert find_utterance(levels((-45, 1900), (-30, 100)), TRIM).onset == 100


def test_what_is_far_below_the_loudest_is_no_speech():
    """A whisper across the room after a shout next to the microphone."""
    assert find_utterance(levels((-80, 100), (-5, 50), (-80, 100), (-50, 50)), TRIM) is None
