"""URDU names and folders."""

from collections import Counter
from pathlib import PurePosixPath

import pytest

from ser.corpora.records import Unrecognised
from ser.corpora.urdu import Urdu, parse_name


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("Angry/SM1_F10_A010.flac", ("SM1", "male", "anger")),
        ("Happy/SF11_F1_H01.wav", ("SF11", "female", "happiness")),
        ("Neutral/SM2_F3_N9.wav", ("SM2", "male", "neutral")),
        ("SF21_F2_S092.wav", ("SF21", "female", "sadness")),
    ],
)
def test_name_gives_every_field(path, fields):
    """A file name says who speaks in which emotion."""
    found = parse_name(PurePosixPath(path))
    assert (found.speaker, found.gender, found.intended) == fields


@pytest.mark.parametrize("path", ["SX1_F1_A1.wav", "SM1_A1.wav", "SM1_F1_X1.wav"])
def test_name_that_does_not_fit_is_reported(path):
    """A report says what was expected."""
    found = parse_name(PurePosixPath(path))
    assert isinstance(found, Unrecognised)
    assert "SM1_F10_A010" in found.detail


def test_name_against_its_folder_is_reported():
    """Two claims about one clip are not settled by guessing."""
    found = parse_name(PurePosixPath("Angry/SM1_F1_S1.wav"))
    assert found.detail == "expected emotion letter A in `Angry`, got 'SM1_F1_S1.wav'"


def test_the_real_corpus_is_read_whole(serloop_data):
    """400 clips of 29 speakers, a hundred an emotion."""
    scan = Urdu().scan(serloop_data / "urdu")
    assert scan.unrecognised == ()
    assert set(Counter(found.intended for found in scan.utterances).values()) == {100}
    assert len(scan.utterances) == 400
    assert len({found.speaker for found in scan.utterances}) == 29


def test_there_are_no_votes(tmp_path):
    """The owners publish no annotators' votes."""
    assert Urdu().read_votes(tmp_path) is None
