"""Folds given as a file."""

import json

import pytest

from ser.errors import ConfigurationError, LeakageError
from ser.training.fold_file import fixed_folds, read_folds
from ser.training.folds import check_speaker_disjoint


def write(folder, content) -> "object":
    """Write JSON, or text as it is, and return the path."""
    path = folder / "folds.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.mark.parametrize(
    "content", [[["a", "b"], ["c"]], {"test": [["a", "b"], ["c"]], "source": "a paper"}]
)
def test_a_list_of_lists_is_read(tmp_path, content):
    """By itself or beside notes."""
    assert read_folds(write(tmp_path, content)) == (("a", "b"), ("c",))


def test_numbers_become_names(tmp_path):
    """A publication's actor 3 is the corpus's actor-03."""
    path = write(tmp_path, [[3], [12]])
    assert read_folds(path, speaker="actor-{:02d}") == (("actor-03",), ("actor-12",))
    assert read_folds(path) == (("3",), ("12",))


def test_published_ravdess_folds_test_every_actor_once(serloop_data):
    """The folds of Luna-Jiménez et al. fit the corpus as it is read here."""
    path = serloop_data / "splits" / "ravdess_5fold_luna_jimenez.json"
    speakers = [f"actor-{actor:02d}" for actor in range(1, 25) for _ in range(60)]
    splits = fixed_folds(read_folds(path, speaker="actor-{:02d}"), speakers)
    assert [len(split.test) for split in splits] == [300, 300, 300, 300, 240]
    for split in splits:
        check_speaker_disjoint({"speaker": speakers}, split)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "`folds.json` is no readable JSON file"),
        ([["a"]], "at least two folds"),
        ([["a"], []], "must hold a list"),
        ([["a"], [True]], "text or whole numbers"),
        ({"folds": [["a"], ["b"]]}, "under `test`"),
        ("3", "must hold a list"),
    ],
    ids=["broken", "one fold", "empty fold", "truth value", "other key", "number"],
)
def test_files_that_hold_no_folds_are_refused(tmp_path, content, message):
    """The message names the file and what it should hold."""
    with pytest.raises(ConfigurationError, match=message):
        read_folds(write(tmp_path, content))


def test_a_missing_file_is_named(tmp_path):
    """As is a name that does not fit its entries."""
    with pytest.raises(ConfigurationError, match=r"`none\.json` is no readable JSON file"):
        read_folds(tmp_path / "none.json")
    with pytest.raises(ConfigurationError, match="`speaker` must format the entries"):
        read_folds(write(tmp_path, [["a"], ["b"]]), speaker="actor-{:02d}")


def test_a_speaker_in_two_folds_is_refused(tmp_path):
    """Each is tested once."""
    with pytest.raises(LeakageError, match=r"name the speakers \['a'\] more than once"):
        read_folds(write(tmp_path, [["a", "b"], ["a"]]))
    with pytest.raises(LeakageError, match=r"\['b'\] more than once"):
        fixed_folds([["a", "b"], ["b"]], ["a", "b"])


@pytest.mark.parametrize(
    ("folds", "speakers", "message"),
    [
        ([["a"], ["b"]], ["a", "b", "c"], r"but leave out \['c'\]"),
        ([["a"], ["b"]], ["a", "b", None], r"leave out \['\(unknown\)'\]"),
        ([["a", "b"], []], ["a", "b"], "hold an empty fold"),
        ([["a"], ["z"]], ["a"], r"without a clip: \['z'\]"),
    ],
    ids=["left out", "unknown", "empty", "nobody"],
)
def test_folds_that_do_not_cover_everybody_are_refused(folds, speakers, message):
    """The message names who is missing."""
    with pytest.raises(ConfigurationError, match=message):
        fixed_folds(folds, speakers)
