"""Sessions, corpora and sentences left out."""

import numpy as np
import pytest

from ser.errors import ConfigurationError, LeakageError
from ser.training.folds import Split, check_speaker_disjoint, hold_out, speaker_folds
from ser.training.protocols import cross_corpus, leave_one_out, part_sentences, take_dev


def test_each_session_is_tested_once_and_nowhere_learned_from():
    """Together the test parts are the corpus, and no session is parted."""
    sessions = [f"Ses0{i % 5 + 1}" for i in range(50)]
    splits = leave_one_out(sessions)
    assert list(splits) == ["Ses01", "Ses02", "Ses03", "Ses04", "Ses05"]
    assert sorted(np.concatenate([s.test for s in splits.values()]).tolist()) == list(range(50))
    for name, split in splits.items():
        check_speaker_disjoint({"session": sessions}, split)
        assert {sessions[i] for i in split.test} == {name}
        assert len(split.train) == 40


def test_sessions_of_one_speaker_are_left_out_together():
    """Who speaks in two sessions would else be learned from and tested."""
    sessions, speakers = ["s1", "s2", "s3", "s4"], ["ann", "ben", "ann", "cem"]
    splits = leave_one_out(sessions, together=[speakers])
    assert {name: split.test.tolist() for name, split in splits.items()} == {
        "s1+s3": [0, 2],
        "s2": [1],
        "s4": [3],
    }


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a", None], "1 of 2 are unknown, first at position 1"),
        (["a", "a"], r"two names .* but holds \['a'\]"),
        ([], r"but holds \[\]"),
    ],
    ids=["unknown", "one", "none"],
)
def test_sessions_that_cannot_be_left_out_are_refused(names, message):
    """The message says which clip or what there is."""
    with pytest.raises(ConfigurationError, match=message):
        leave_one_out(names)


CORPORA = ["emodb", "emodb", "urdu", "urdu", "ravdess"]
PEOPLE = ["emodb/03", "emodb/08", "urdu/SM1", "urdu/SF2", "ravdess/01"]


def test_corpora_that_are_not_named_are_left_out():
    """Train and test hold the named corpora, whole."""
    split = cross_corpus(CORPORA, PEOPLE, train=["urdu", "ravdess"], test=["emodb"])
    assert (split.train.tolist(), split.dev.tolist(), split.test.tolist()) == (
        [2, 3, 4],
        [],
        [0, 1],
    )


def test_a_speaker_of_both_sides_is_refused():
    """One person in two corpora is still one person."""
    people = ["ann", "ben", "ann", "cem", "dan"]
    with pytest.raises(LeakageError, match=r"speaker `ann` \(train, test\)"):
        cross_corpus(CORPORA, people, train=["emodb"], test=["urdu"])


def test_unknown_people_on_both_sides_are_refused():
    """They may be the same."""
    people = [None, "ben", None, "cem", "dan"]
    with pytest.raises(LeakageError, match=r"speaker `\(unknown\)`"):
        cross_corpus(CORPORA, people, train=["emodb"], test=["urdu"])


@pytest.mark.parametrize(
    ("train", "test", "error", "message"),
    [
        (["emodb"], ["emodb"], LeakageError, r"share the corpora \['emodb'\]"),
        (["emodb"], ["msp"], ConfigurationError, r"of which \['msp'\] have none"),
        (["emodb"], [], ConfigurationError, "must each name a corpus"),
    ],
    ids=["both", "unknown", "none"],
)
def test_corpora_that_do_not_fit_are_refused(train, test, error, message):
    """The message names the corpora."""
    with pytest.raises(error, match=message):
        cross_corpus(CORPORA, PEOPLE, train=train, test=test)


SPEAKERS = [f"s{i:02d}" for i in range(20) for _ in range(6)]
GENDERS = ["f" if i % 2 else "m" for i in range(20) for _ in range(6)]


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_dev_speakers_come_whole_from_the_training_part(share):
    """Test stays as it was, and nobody is on two sides."""
    for fold in speaker_folds(SPEAKERS, 5, seed=0):
        split = take_dev(fold, SPEAKERS, share=share, seed=1)
        check_speaker_disjoint({"speaker": SPEAKERS}, split)
        assert np.array_equal(split.test, fold.test)
        assert sorted([*split.train, *split.dev]) == fold.train.tolist()
        # Speakers of six clips each: the share is met to one speaker.
        assert abs(len(split.dev) - share * len(fold.train)) <= 6


def test_dev_speakers_can_be_balanced_and_kept_together():
    """As many women as men are chosen, and a session stays whole."""
    split = hold_out(SPEAKERS, test=SPEAKERS[:24])
    found = take_dev(split, SPEAKERS, share=0.25, seed=0, balance=GENDERS)
    genders = [GENDERS[position] for position in found.dev]
    assert genders.count("f") == genders.count("m")
    sessions = [f"x{i // 2}" for i in range(20) for _ in range(6)]
    found = take_dev(split, SPEAKERS, share=0.25, seed=0, together=[sessions])
    check_speaker_disjoint({"session": [sessions[i] for i in range(120)]}, found)


@pytest.mark.parametrize(
    ("split", "share", "message"),
    [
        (hold_out(list("abc"), test=["a"], dev=["b"]), 0.2, "but got 1 dev clips and 0.2"),
        (hold_out(list("abc"), test=["a"]), 0.6, "`share` lie in"),
        (hold_out(list("abc"), test=["a", "b"]), 0.2, r"but trains on \['c'\]"),
    ],
    ids=["dev", "share", "one speaker"],
)
def test_a_dev_part_that_cannot_be_taken_is_refused(split, share, message):
    """The message says what is in the way."""
    with pytest.raises(ConfigurationError, match=message):
        take_dev(split, list("abc"), share=share, seed=0)


def test_tested_sentences_are_never_learned_from():
    """The result passes the firewall by sentence and by speaker."""
    speakers = [s for s in "abcd" for _ in range(3)]
    sentences = ["one", "two", None] * 4
    split = part_sentences(hold_out(speakers, test=["d"], dev=["c"]), sentences, test=["two"])
    assert (split.train.tolist(), split.dev.tolist(), split.test.tolist()) == ([0, 3], [6], [10])
    learned = Split(np.union1d(split.train, split.dev), np.empty(0, np.int64), split.test)
    check_speaker_disjoint({"speaker": speakers, "sentence": sentences}, learned)


@pytest.mark.parametrize(
    ("test", "message"),
    [
        (["six"], r"sentences without a clip: \['six'\]"),
        (["one", "two"], "leaves 0 clips to learn"),
    ],
)
def test_sentences_that_cannot_be_parted_are_refused(test, message):
    """Nothing is trained or tested on nothing."""
    with pytest.raises(ConfigurationError, match=message):
        part_sentences(hold_out(list("aabb"), test=["b"]), ["one", "two"] * 2, test=test)
