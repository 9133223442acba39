"""A fingerprint stays the same where the sound does, and says nothing where there is none."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ser.audio.fingerprint import fingerprint
from ser.audio.pcm import from_pcm16
from ser.audio.resample import resample
from ser.corpora.synthetic import write_synthetic_corpus
from ser.prepare import prepare

RATE = 16000


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> npt.NDArray[np.int16]:
    """Return a speech-like clip."""
    root: Path = tmp_path_factory.mktemp("corpus") / "synthetic"
    write_synthetic_corpus(root, speakers=1, sentences=1)
    return next(prepare(next(root.rglob("*_anger_*.wav")))).waveform


def agreement(one: npt.NDArray[np.uint32], other: npt.NDArray[np.uint32]) -> float:
    """Return the share of equal bits of the words known on both sides."""
    is_known = (one != 0) & (other != 0)
    assert is_known.mean() > 0.5
    return 1 - float(np.bitwise_count(one ^ other)[is_known].mean()) / 32


def test_the_same_sound_has_the_same_words(clip) -> None:
    """Equal samples give equal words, as integers and as floats, and the input is left alone."""
    before = clip.copy()
    words = fingerprint(clip, RATE)
    assert words.dtype == np.uint32
    assert words.tolist() == fingerprint(from_pcm16(clip), RATE).tolist()
    assert np.array_equal(clip, before)


@pytest.mark.parametrize("gain", [0.5, 0.125], ids=["half", "eighth"])
def test_gain_changes_few_bits(clip, gain: float) -> None:
    """Only rounding to 16 bits tells the copies apart."""
    softer = np.rint(clip * gain).astype(np.int16)
    assert agreement(fingerprint(clip, RATE), fingerprint(softer, RATE)) > 0.97


def test_an_offset_changes_few_bits(clip) -> None:
    """A constant lies below the lowest band."""
    assert agreement(fingerprint(clip, RATE), fingerprint(clip // 2 + 3000, RATE)) > 0.95


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000])
def test_other_sample_rates_change_few_bits(clip, rate: int) -> None:
    """Audio at another rate has the words of the same audio at 16 kHz."""
    words, others = fingerprint(clip, RATE), fingerprint(resample(clip, RATE, rate), rate)
    assert abs(len(words) - len(others)) <= 1
    size = min(len(words), len(others))
    assert agreement(words[:size], others[:size]) > 0.9


def test_a_start_between_two_hops_changes_few_bits(clip) -> None:
    """Trimming rarely hits the same sample twice; 12 ms is the worst case."""
    later = fingerprint(clip[192:], RATE)
    assert agreement(fingerprint(clip, RATE)[: len(later)], later) > 0.8


def test_a_start_some_hops_later_leaves_the_words(clip) -> None:
    """Four hops of 24 ms are four words."""
    later = fingerprint(clip[4 * 384 :], RATE)
    assert agreement(fingerprint(clip, RATE)[4:], later) > 0.99


def test_unrelated_sound_agrees_by_half() -> None:
    """Bits of different sounds are like coins."""
    noise = np.random.default_rng(0).normal(0, 3000, (2, 10 * RATE)).astype(np.int16)
    assert agreement(*(fingerprint(sound, RATE) for sound in noise)) == pytest.approx(0.5, abs=0.03)


UNHEARD = {
    "nothing": np.zeros(0, np.int16),
    "0.42 s": np.ones(6720, np.int16),
    "silence": np.zeros(RATE, np.int16),
    "constant": np.full(RATE, 9000, np.int16),
    "tone": np.rint(8000 * np.sin(np.arange(RATE) * 0.4)).astype(np.int16),
}


@pytest.mark.parametrize("sound", UNHEARD.values(), ids=UNHEARD)
def test_what_does_not_change_has_no_known_word(sound: npt.NDArray[np.int16]) -> None:
    """Rounding must not decide bits, or all tones and silences would be duplicates."""
    assert not fingerprint(sound, RATE).any()


def test_silence_within_a_clip_is_unknown(clip) -> None:
    """Noise of the room between two utterances says nothing about them."""
    hum = np.random.default_rng(0).normal(0, 3, 2 * RATE).astype(np.int16)
    words = fingerprint(np.concatenate([clip, hum, clip]), RATE)
    middle = len(words) // 2
    assert not words[middle - 15 : middle + 15].any()
    assert words[:15].any()
