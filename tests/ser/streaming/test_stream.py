"""Hear the emotion in a waveform while it arrives."""

import os
import tracemalloc
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ser.audio.pcm import to_pcm16
from ser.errors import ConfigurationError
from ser.streaming.moments import answer
from ser.streaming.stream import EmotionStream

RATES = (8000, 16000, 22050, 44100, 48000)
SPOKEN = ((0.6, 1.9), (3.1, 3.9))


def listen(recogniser, sound, rate, cuts=(), **options):
    """Return the moments of a sound cut at some samples."""
    stream = EmotionStream(recogniser, sample_rate=rate, **options)
    return list(stream.listen(np.split(sound, sorted(cuts))))


def as_bytes(moments):
    """Return all that moments say, ready to be compared by the bit."""
    return [
        tuple(
            value.tobytes() if isinstance(value, np.ndarray) else value
            for value in (getattr(moment, field.name) for field in fields(moment))
        )
        for moment in moments
    ]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("dtype", [np.float32, np.int16])
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_chunks_change_no_bit(recogniser, make_sound, rate, dtype, data):
    """However a sound is cut, and chunks may be empty, the moments are the same."""
    sound = make_sound(4.6, SPOKEN, rate)
    if dtype == np.int16:
        sound = to_pcm16(sound)
    cuts = data.draw(st.lists(st.integers(0, len(sound)), max_size=40))
    whole, cut = listen(recogniser, sound, rate), listen(recogniser, sound, rate, cuts)
    assert sum(moment.posterior is not None for moment in whole) >= 5
    assert as_bytes(cut) == as_bytes(whole)


@pytest.mark.parametrize("size", [1, 7, 160, 4001])
def test_chunks_of_one_size_change_no_bit(recogniser, waveform_recogniser, make_sound, size):
    """Nor do chunks of a sample each, for a recogniser of frames or of waveforms."""
    sound = make_sound(2.1, [(0.6, 1.9)])
    for of in (recogniser, waveform_recogniser):
        whole = listen(of, sound, 16000)
        assert as_bytes(listen(of, sound, 16000, range(size, len(sound), size))) == as_bytes(whole)


def test_pcm16_says_what_float32_does(recogniser, make_sound):
    """Counts and the numbers they stand for are the same sound, also taken in turns."""
    counts = to_pcm16(make_sound(2.5, [(0.6, 1.9)], 44100))
    full_scale = counts.astype(np.float32) / 32768
    mixed = EmotionStream(recogniser, sample_rate=44100)
    parts = [counts[:20000], full_scale[20000:70000], counts[70000:]]
    expected = as_bytes(listen(recogniser, counts, 44100))
    assert as_bytes(listen(recogniser, full_scale, 44100)) == expected
    assert as_bytes(mixed.listen(parts)) == expected


def test_a_moment_every_hop_covers_the_whole_stream(recogniser, make_sound):
    """Moments follow each other without a gap, the last one shorter."""
    moments = listen(recogniser, make_sound(2.1, [(0.6, 1.9)]), 16000)
    assert [moment.start_s for moment in moments] == [i * 0.25 for i in range(9)]
    assert all(one.end_s == other.start_s for one, other in pairwise(moments))
    assert moments[-1].end_s == pytest.approx(2.1, abs=1e-4)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("onset", [0.75, 0.8, 0.85, 0.9, 0.95, 0.96, 0.98, 0.999])
def test_the_first_answer_comes_within_600_ms(recogniser, make_sound, rate, onset):
    """Counted in what had to be fed, the delay of the resampler included."""
    sound = make_sound(2.5, [(onset, 2.3)], rate)
    stream, fed = EmotionStream(recogniser, sample_rate=rate), 0
    chunk = rate // 100
    while not any(of.posterior is not None for of in stream.feed(sound[fed : fed + chunk])):
        fed += chunk
    assert onset < (fed + chunk) / rate <= onset + 0.6


def test_silence_is_not_judged(recogniser, make_sound):
    """Where nobody speaks there is no posterior, and nothing to judge."""
    stream = EmotionStream(recogniser, sample_rate=16000)
    due = stream.collect(make_sound(4.0, [])) + stream.collect_rest()
    assert not any(of.moment.is_speech or of.window is not None for of in due)
    assert len(due) == 16


def test_the_window_grows_from_the_onset_and_then_moves(recogniser, make_sound):
    """What is judged begins at the onset, padding included, and is never longer than allowed."""
    moments = listen(recogniser, make_sound(6.0, [(1.0, 6.0)]), 16000, window_s=2.0)
    heard = [moment.heard_s for moment in moments if moment.posterior is not None]
    np.testing.assert_allclose(heard[:4], [0.6, 0.85, 1.1, 1.35], atol=0.03)
    assert heard[-3:] == [2.0, 2.0, 2.0]
    assert max(heard) == 2.0


def test_a_pause_begins_a_new_utterance(recogniser, make_sound):
    """After it the window holds nothing of what was said before."""
    moments = listen(recogniser, make_sound(4.6, SPOKEN), 16000)
    onsets = {round(moment.onset_s, 1) for moment in moments if moment.onset_s is not None}
    assert onsets == {0.6, 3.1}
    later = [moment.heard_s for moment in moments if moment.onset_s and moment.onset_s > 3]
    assert max(later) < 1.1


def test_frames_are_those_of_the_whole_sound(recogniser, make_sound):
    """A window holds the rows that the features of the whole sound have there."""
    sound = make_sound(2.5, [(0.6, 1.9)])
    whole = recogniser.features.compute([sound])[0]
    stream = EmotionStream(recogniser, sample_rate=16000)
    for due in stream.collect(sound) + stream.collect_rest():
        if due.window is not None:
            first = -(-round((due.moment.onset_s - 0.1) * 16000) // 256)
            expected = whole[first : first + len(due.window)]
            np.testing.assert_allclose(due.window, expected, atol=1e-4)


def test_each_frame_is_computed_once(recogniser, make_sound):
    """Where windows overlap, they hold the same rows, bit for bit."""
    stream = EmotionStream(recogniser, sample_rate=44100)
    windows = [due.window for due in stream.collect(make_sound(2.0, [(0.6, 2.0)], 44100))]
    judged = [window for window in windows if window is not None]
    assert len(judged) >= 4
    for shorter, longer in pairwise(judged):
        assert longer[: len(shorter)].tobytes() == shorter.tobytes()


def test_what_was_fed_may_be_used_again(recogniser, make_sound):
    """A caller may write the next chunk into the same array."""
    sound = make_sound(2.1, [(0.6, 1.9)])
    stream, place, found = EmotionStream(recogniser, sample_rate=16000), np.empty(1000), []
    place = place.astype(np.float32)
    for first in range(0, len(sound) - 999, 1000):
        place[:] = sound[first : first + 1000]
        found += stream.feed(place)
        place[:] = 0.7
    expected = listen(recogniser, sound, 16000)
    assert as_bytes(found) == as_bytes(expected)[: len(found)]


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros(10), "float64"),
        (np.zeros((2, 5), np.float32), r"\(2, 5\)"),
        (np.array([0, np.nan], np.float32), "NaN or infinity"),
    ],
    ids=["dtype", "shape", "not-finite"],
)
def test_bad_samples_are_refused_and_change_nothing(recogniser, make_sound, samples, message):
    """The stream goes on as if they had not been sent."""
    sound = make_sound(1.5, [(0.6, 1.4)])
    stream = EmotionStream(recogniser, sample_rate=16000)
    found = stream.feed(sound[:7000])
    with pytest.raises(ConfigurationError, match=message):
        stream.feed(samples)
    found += stream.feed(sound[7000:]) + stream.finish()
    assert as_bytes(found) == as_bytes(listen(recogniser, sound, 16000))


def test_a_stream_that_is_over_takes_no_more(recogniser):
    """Neither samples nor a second end."""
    stream = EmotionStream(recogniser, sample_rate=16000)
    assert stream.finish() == []
    with pytest.raises(ConfigurationError, match="over"):
        stream.feed(np.zeros(10, np.float32))
    with pytest.raises(ConfigurationError, match="over"):
        stream.finish()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sample_rate": 100}, "`sample_rate`.*got 100"),
        ({"hop_s": 0.255}, "`hop_s`.*got 0.255"),
        ({"hop_s": 0.0}, "`hop_s`.*got 0"),
        ({"window_s": 0.1}, "`window_s`.*got 0.1"),
        ({"shortest_s": 4.0}, "`shortest_s`.*got 4.0"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_impossible_times_and_rates_are_refused(recogniser, options, message):
    """The message names the option and what it was given."""
    with pytest.raises(ConfigurationError, match=message):
        EmotionStream(recogniser, **{"sample_rate": 16000, **options})


@pytest.mark.parametrize("hop_s", [0.01, 0.1, 1.0])
def test_other_hops_are_answered_too(recogniser, waveform_recogniser, make_sound, hop_s):
    """From every 10 ms to every second, by frames or by waveforms."""
    for of in (recogniser, waveform_recogniser):
        moments = listen(of, make_sound(3.0, [(0.6, 2.6)]), 16000, hop_s=hop_s, window_s=1.0)
        assert len(moments) == round(3 / hop_s)
        assert any(moment.posterior is not None for moment in moments)


def test_memory_does_not_grow(waveform_recogniser, make_sound):
    """A stream holds as much after three minutes as after one: its memory is 20 s."""
    sound = make_sound(10.0, SPOKEN, 44100)
    stream = EmotionStream(waveform_recogniser, sample_rate=44100)
    held = []
    tracemalloc.start()
    for minute in range(3):
        for _ in range(6):
            stream.feed(sound)
        if minute in (0, 2):
            held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert held[1] - held[0] < 50_000
    assert stream.heard_s > 179


@pytest.mark.slow
def test_two_hours_take_no_more_memory_than_ten_minutes(recogniser, make_sound):
    """Resident memory, the network's and the libraries' included."""
    sound = make_sound(60.0, [(start + 0.5, start + 2.5) for start in range(0, 60, 4)], 48000)
    stream, resident = EmotionStream(recogniser, sample_rate=48000), []
    for minute in range(120):
        stream.feed(sound)
        if minute in (9, 119):
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            resident.append(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
    assert resident[1] - resident[0] < 10


def test_several_streams_are_answered_together(recogniser, make_sound):
    """One batch says of each what it is told alone, up to rounding."""
    sounds = [make_sound(2.5, [(0.4 + 0.1 * i, 2.2)], seed=i) for i in range(3)]
    streams = [EmotionStream(recogniser, sample_rate=16000) for _ in sounds]
    due = [
        of
        for stream, sound in zip(streams, sounds, strict=True)
        for of in stream.collect(sound) + stream.collect_rest()
    ]
    alone = [moment for sound in sounds for moment in listen(recogniser, sound, 16000)]
    together = answer(recogniser, due)
    assert [of.end_s for of in together] == [of.end_s for of in alone]
    assert [of.posterior is None for of in together] == [of.posterior is None for of in alone]
    for one, other in zip(together, alone, strict=True):
        if one.posterior is not None:
            np.testing.assert_allclose(one.posterior, other.posterior, atol=1e-6)
