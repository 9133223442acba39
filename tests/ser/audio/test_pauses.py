"""Long recordings are cut at pauses, into pieces that hold all the speech."""

import numpy as np
import pytest

from ser.audio.pauses import split_at_pauses, track_threshold
from ser.audio.segment import TrimSettings
from ser.errors import ConfigurationError


def recording(seconds, *stretches):
    """Return levels of −80 dBFS with stretches of speech, from and to in s, at −20."""
    levels = np.full(round(seconds * 100), -80.0)
    for start, end in stretches:
        levels[round(start * 100) : round(end * 100)] = -20
    return levels


@pytest.mark.parametrize(
    ("stretches", "pieces"),
    [
        pytest.param([], [], id="nobody speaks"),
        pytest.param([(10, 10.03)], [], id="a click"),
        pytest.param([(10, 12)], [(9.5, 12.5)], id="one sentence"),
        pytest.param([(0.2, 12)], [(0, 12.5)], id="starts at once"),
        pytest.param([(50, 59.9)], [(49.5, 60)], id="ends with the recording"),
        pytest.param([(10, 12), (13.5, 15)], [(9.5, 12.5), (13, 15.5)], id="silence"),
        pytest.param([(10, 12), (12.8, 15)], [(9.5, 15.5)], id="pause in a short piece"),
        pytest.param(
            [(0.5, 9), (9.4, 12), (12.9, 18), (18.4, 30)],
            [(0, 12.45), (12.45, 30.5)],
            id="longest pause of the second half",
        ),
        pytest.param([(1, 5), (5.4, 24)], [(0.5, 5.2), (5.2, 24.5)], id="only an early pause"),
    ],
)
def test_pieces_of_constructed_recordings(stretches, pieces):
    """Silence parts pieces, and speech too long to keep whole is cut in a pause."""
    cut = split_at_pauses(recording(60, *stretches), -50.0)
    np.testing.assert_array_equal(cut, np.round(np.reshape(pieces, (-1, 2)) * 100))


def test_who_never_pauses_is_cut_at_the_softest_frame():
    """A minute without a pause becomes pieces of at most 20 s, cut where it is softest."""
    levels = np.full(6000, -20.0)
    levels[[1500, 3300, 4500]] = -30
    cut = split_at_pauses(levels, -50.0)
    np.testing.assert_array_equal(cut, [[0, 1500], [1500, 3300], [3300, 4500], [4500, 6000]])


@pytest.mark.parametrize("seed", range(5))
def test_pieces_keep_order_length_and_speech(seed):
    """Pieces do not overlap, none is longer than asked, and all speech is in one."""
    rng = np.random.default_rng(seed)
    lengths = rng.exponential([[300], [60]], (2, 200)).astype(int) + 6
    levels = np.concatenate(
        [np.r_[np.full(speech, -20.0), np.full(pause, -80.0)] for speech, pause in lengths.T]
    )
    cut = split_at_pauses(levels, np.full(len(levels), -50.0), longest_s=10)
    assert (cut[:, 0] < cut[:, 1]).all()
    assert (cut[1:, 0] >= cut[:-1, 1]).all()
    assert np.diff(cut).max() <= 1000
    covered = np.zeros(len(levels), dtype=bool)
    for start, end in cut:
        covered[start:end] = True
    assert covered[levels == -20].all()


def test_contradicting_lengths_are_named():
    """Pauses longer than pieces make no sense."""
    with pytest.raises(ConfigurationError, match="`silence_s` < `longest_s`, but got"):
        split_at_pauses(np.zeros(100), -50.0, longest_s=0.5)


def test_threshold_follows_the_noise():
    """Speech of one level is found in a quiet and in a noisy half; the noise is not speech."""
    rng = np.random.default_rng(1)
    levels = np.repeat([-70.0, -40.0], 6000) + rng.normal(0, 0.3, 12000)
    speech = np.zeros(12000, dtype=bool)
    for start in range(500, 12000, 1000):
        speech[start : start + 200] = True
    levels[speech] = -25
    is_found = levels >= track_threshold(levels, TrimSettings())
    steady = np.abs(np.arange(12000) - 6000) > 2500
    np.testing.assert_array_equal(is_found[steady], speech[steady])


def test_quiet_minutes_are_no_speech():
    """What is 40 dB below the loudest part is silence, however quiet the minute around it."""
    levels = np.full(12000, -90.0)
    levels[100:500], levels[9000:9400] = -20, -65
    is_found = levels >= track_threshold(levels, TrimSettings())
    assert np.flatnonzero(is_found).tolist() == list(range(100, 500))


def test_short_recording_has_a_threshold():
    """A recording shorter than the window is one window."""
    levels = recording(5, (1, 2))
    np.testing.assert_array_equal(track_threshold(levels, TrimSettings()), np.full(500, -60.0))
