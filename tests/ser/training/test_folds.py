"""Splits by speaker, and the firewall against leakage."""

import json

import numpy as np
import pytest

from ser.errors import ConfigurationError, LeakageError
from ser.training.folds import (
    Split,
    check_audio_together,
    check_speaker_disjoint,
    hold_out,
    join_groups,
    speaker_folds,
)

SPEAKERS = ["a", "a", "b", "b", "c", "d"]


def make_split(train=(), dev=(), test=()) -> Split:
    """Return a split from positions."""
    return Split(*(np.array(part, dtype=np.int64) for part in (train, dev, test)))


def test_a_speaker_in_two_parts_is_named_with_the_parts():
    """Every offender is listed."""
    split = make_split(train=[0, 2], dev=[3], test=[1, 4])
    message = r"speaker `a` \(train, test\), speaker `b` \(train, dev\)"
    with pytest.raises(LeakageError, match=message):
        check_speaker_disjoint({"speaker": SPEAKERS}, split)


def test_a_shared_session_is_refused_even_when_speakers_differ():
    """Two people of one recorded meeting share its room."""
    split = hold_out(["a", "b"], test=["b"])
    with pytest.raises(LeakageError, match=r"session `s1` \(train, test\)"):
        check_speaker_disjoint({"speaker": ["a", "b"], "session": ["s1", "s1"]}, split)


def test_a_clip_in_two_parts_is_refused():
    """The same position may not be learnt and tested."""
    with pytest.raises(LeakageError, match=r"clip at position `3` \(train, test\)"):
        check_speaker_disjoint({}, make_split(train=[2, 3], test=[3]))


def test_unknown_speakers_on_both_sides_are_refused():
    """Clips of unknown people cannot be shown to be of different people."""
    with pytest.raises(LeakageError, match=r"speaker `\(unknown\)` \(train, test\)"):
        check_speaker_disjoint({"speaker": ["a", None, None]}, make_split([0, 1], [], [2]))


def test_a_grouping_unknown_everywhere_is_passed_over():
    """A corpus without sessions can still be split by speaker."""
    split = hold_out(SPEAKERS, test=["b"])
    check_speaker_disjoint({"speaker": SPEAKERS, "session": [None] * 6}, split)


def test_a_long_list_of_offenders_is_cut():
    """The message stays readable and says how many there are."""
    speakers = [f"s{i:03d}" for i in range(30)] * 2
    split = make_split(train=range(30), test=range(30, 60))
    with pytest.raises(LeakageError, match=r"s019.* and 10 more"):
        check_speaker_disjoint({"speaker": speakers}, split)


def test_positions_beyond_the_clips_are_refused():
    """A split of another table is noticed."""
    with pytest.raises(ConfigurationError, match="`test` must hold positions in 0 … 1"):
        check_speaker_disjoint({"speaker": ["a", "b"]}, make_split([0], [], [2]))


def test_hold_out_puts_every_clip_in_exactly_one_part():
    """Named speakers leave the training part."""
    split = hold_out(SPEAKERS, test=["b", "d"], dev=["c"])
    assert [part.tolist() for part in (split.train, split.dev, split.test)] == [
        [0, 1],
        [4],
        [2, 3, 5],
    ]


def test_hold_out_refuses_speakers_without_a_clip():
    """A misspelt speaker would silently test nothing."""
    with pytest.raises(ConfigurationError, match=r"without a clip: \['z'\]"):
        hold_out(SPEAKERS, test=["z"])


def test_hold_out_refuses_a_speaker_in_both_parts():
    """Choosing epochs on test speakers is leakage."""
    with pytest.raises(LeakageError, match=r"share the speakers \['b'\]"):
        hold_out(SPEAKERS, test=["b"], dev=["b"])


@pytest.mark.parametrize("n_folds", [2, 3, 5])
def test_folds_test_every_clip_once_and_share_no_speaker(n_folds):
    """Together the test parts are the corpus."""
    speakers = [f"s{i}" for i in np.random.default_rng(0).integers(12, size=200)]
    folds = speaker_folds(speakers, n_folds, seed=1)
    assert sorted(np.concatenate([fold.test for fold in folds]).tolist()) == list(range(200))
    for fold in folds:
        check_speaker_disjoint({"speaker": speakers}, fold)


def test_folds_hold_about_equally_many_clips():
    """Speakers of very different size are balanced."""
    speakers = [f"s{i}" for i in range(10) for _ in range(10 * (i + 1))]
    sizes = [len(fold.test) for fold in speaker_folds(speakers, 5, seed=0)]
    assert max(sizes) - min(sizes) <= 20


def test_the_seed_decides_the_folds():
    """Equal seeds give equal folds and another seed other ones."""
    speakers = [f"s{i}" for i in range(20)]
    first, again, other = (speaker_folds(speakers, 4, seed=seed) for seed in (0, 0, 1))
    assert all(np.array_equal(a.test, b.test) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a.test, b.test) for a, b in zip(first, other, strict=True))


def test_folds_can_be_balanced_by_gender():
    """Each fold tests as many women as men, however the seed falls."""
    speakers = [f"s{i:02d}" for i in range(20) for _ in range(4)]
    genders = ["f" if i < 10 else "m" for i in range(20) for _ in range(4)]
    for seed in range(10):
        for fold in speaker_folds(speakers, 5, seed=seed, balance=genders):
            tested = [genders[position] for position in fold.test]
            assert tested.count("f") == tested.count("m") == 8


def test_balancing_what_is_the_same_everywhere_changes_nothing():
    """One kind of speaker is dealt as if kinds were not asked for."""
    speakers = [f"s{i}" for i in np.random.default_rng(0).integers(12, size=100)]
    pairs = zip(
        speaker_folds(speakers, 5, seed=3),
        speaker_folds(speakers, 5, seed=3, balance=[None] * 100),
        strict=True,
    )
    assert all(np.array_equal(one.test, other.test) for one, other in pairs)


def test_each_clip_needs_a_kind_to_balance():
    """The message counts both."""
    with pytest.raises(ConfigurationError, match=r"`balance` .* the 6 clips, but has 1"):
        speaker_folds(SPEAKERS, 2, seed=0, balance=["f"])


@pytest.mark.parametrize("n_folds", [1, 5])
def test_impossible_numbers_of_folds_are_refused(n_folds):
    """Each fold needs a speaker to test and one to learn from."""
    with pytest.raises(ConfigurationError, match=f"the 4 speakers, but got {n_folds}"):
        speaker_folds(SPEAKERS, n_folds, seed=0)


def test_groups_join_whatever_shares_a_name():
    """A chain through speakers, sessions and audio is one group; an unknown name joins nothing."""
    speakers = ["ann", "ben", "ben", "cem", None, None]
    sessions = ["s1", "s2", "s3", "s3", None, None]
    assert join_groups(speakers).tolist() == [0, 1, 1, 2, 3, 4]
    assert join_groups(speakers, sessions).tolist() == [0, 1, 1, 1, 2, 3]
    assert join_groups(speakers, sessions, list("xxyzwz")).tolist() == [0, 0, 0, 0, 1, 0]
    assert join_groups([], []).tolist() == []


def test_a_name_means_something_in_its_own_grouping_only():
    """A speaker and a session of the same name are different things."""
    assert join_groups(["a", "b"], ["b", "c"]).tolist() == [0, 1]


def test_folds_keep_speakers_who_share_audio_together():
    """However the dealing falls, both copies of a sound are tested in the same fold."""
    speakers = [f"s{i}" for i in range(12) for _ in range(3)]
    audio = [f"clip-{i}" for i in range(len(speakers))]
    audio[33] = audio[0]
    audio[16] = audio[1]
    for seed in range(20):
        for fold in speaker_folds(speakers, 4, seed=seed, together=[audio]):
            check_speaker_disjoint({"speaker": speakers, "audio": audio}, fold)


def test_folds_without_shared_audio_are_the_folds_by_speaker():
    """Looking for duplicates changes nobody's split where there are none."""
    speakers = [f"s{i}" for i in np.random.default_rng(0).integers(12, size=100)]
    audio = [f"clip-{i}" for i in range(100)]
    pairs = zip(
        speaker_folds(speakers, 5, seed=3),
        speaker_folds(speakers, 5, seed=3, together=[audio]),
        strict=True,
    )
    assert all(np.array_equal(one.test, other.test) for one, other in pairs)


def test_too_few_speakers_apart_are_refused():
    """Speakers who share audio count as one."""
    with pytest.raises(ConfigurationError, match="the 3 speakers that `together` leaves apart"):
        speaker_folds(SPEAKERS, 4, seed=0, together=[["1", "2", "1", "3", "4", "5"]])


def test_audio_in_two_parts_is_refused_as_a_group():
    """To the check, audio is a grouping like any other."""
    split = hold_out(["a", "b"], test=["b"])
    with pytest.raises(LeakageError, match=r"audio `x/1` \(train, test\)"):
        check_speaker_disjoint({"audio": ["x/1", "x/1"]}, split)


def test_parted_audio_is_named_with_clips_speakers_and_the_remedy():
    """The message says which clips, whose they are, and what to do."""
    split = hold_out(["a", "b", None, "c"], test=["b"], dev=["c"])
    message = (
        r"in clip `x/0` of speaker `a` \(train\) and clip `x/1` of speaker `b` \(test\); "
        r"in clip `x/2` of speaker `\(unknown\)` \(train\) and clip `x/3` of speaker `c` \(dev\);"
        r" hold the speakers who share audio out together"
    )
    with pytest.raises(LeakageError, match=message):
        check_audio_together([f"x/{i}" for i in range(4)], ["a", "b", None, "c"], "1122", split)


def test_copies_within_one_part_are_allowed():
    """A clip that is there twice leaks nothing where both are learned from."""
    check_audio_together(["x/0", "x/1", "x/2"], list("aab"), "112", make_split([0, 1], [], [2]))


def test_published_ravdess_folds_share_no_actor(serloop_data):
    """The folds of Luna-Jiménez et al. pass the firewall."""
    published = json.loads(
        (serloop_data / "splits" / "ravdess_5fold_luna_jimenez.json").read_text()
    )
    actors = [str(actor) for actor in range(1, 25) for _ in range(2)]
    for test in published["test"]:
        split = hold_out(actors, test=list(map(str, test)))
        check_speaker_disjoint({"speaker": actors}, split)
        assert len(split.test) == 2 * len(test)
