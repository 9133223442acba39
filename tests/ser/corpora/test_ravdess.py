"""RAVDESS names and folders."""

import csv
from collections import Counter
from pathlib import PurePosixPath

import pytest

from ser.corpora.ravdess import Ravdess, parse_name
from ser.corpora.records import Unrecognised, Utterance


def test_name_gives_every_field():
    """A file name says who speaks which sentence how."""
    path = PurePosixPath("Actor_20/03-01-08-02-02-01-20.flac")
    assert parse_name(path) == Utterance(
        native_id="03-01-08-02-02-01-20",
        path=str(path),
        speaker="actor-20",
        gender="female",
        language="en",
        sentence="02",
        transcript="Dogs are sitting by the door",
        intended="surprise",
        intensity="strong",
    )


@pytest.mark.parametrize(
    ("code", "emotion"),
    [
        ("01", "neutral"),
        ("02", "calm"),
        ("03", "happiness"),
        ("04", "sadness"),
        ("05", "anger"),
        ("06", "fear"),
        ("07", "disgust"),
        ("08", "surprise"),
    ],
)
def test_emotion_codes(code, emotion):
    """The third field is the emotion."""
    assert parse_name(PurePosixPath(f"03-01-{code}-01-01-01-01.wav")).intended == emotion


@pytest.mark.parametrize("name", ["03-02-05-01-01-01-01", "01-01-05-01-01-01-01"])
def test_songs_and_video_are_out_of_scope(name):
    """They are left out on purpose, which is no report."""
    assert parse_name(PurePosixPath(f"{name}.wav")) is None


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        pytest.param("03-01-09-01-01-01-01.wav", "03-01-EE-II-SS-RR-AA", id="emotion 09"),
        pytest.param("03-01-01-02-01-01-01.wav", "never strong neutral", id="strong neutral"),
        pytest.param("03-01-05-01-01-01-25.wav", "actor 01–24", id="actor 25"),
        pytest.param("03-01-05-01-01-01-00.wav", "actor 01–24", id="actor 00"),
        pytest.param("03-01-05-01-01-01-01 (1).wav", "got '03-01-05", id="copy"),
        pytest.param("Actor_02/03-01-05-01-01-01-01.wav", "a file of actor 02", id="folder"),
    ],
)
def test_name_that_does_not_fit_is_reported(path, detail):
    """A report says what was expected and what came."""
    found = parse_name(PurePosixPath(path))
    assert isinstance(found, Unrecognised)
    assert (found.path, found.reason) == (path, "unrecognised_name")
    assert detail in found.detail


@pytest.mark.parametrize(
    ("folder", "clips"), [("flac16k", 1440), ("native_flac", 180), ("raw_wav", 21)]
)
def test_real_folders_are_read_whole(serloop_data, folder, clips):
    """Every published clip becomes an utterance and nothing is left over."""
    scan = Ravdess().scan(serloop_data / "ravdess" / folder)
    assert (len(scan.utterances), scan.unrecognised, scan.out_of_scope) == (clips, (), 0)
    assert [found.native_id for found in scan.utterances] == sorted(
        found.native_id for found in scan.utterances
    )


def test_real_labels_agree_with_the_independent_manifest(serloop_data):
    """Emotion and gender equal those its stagers wrote down."""
    spelled = {"happy": "happiness", "sad": "sadness", "angry": "anger"}
    spelled |= {"fearful": "fear", "surprised": "surprise"}
    with (serloop_data / "ravdess" / "MANIFEST.csv").open() as stream:
        rows = {row["file"][:-4]: row for row in csv.DictReader(stream)}
    found = Ravdess().scan(serloop_data / "ravdess" / "flac16k").utterances
    assert [(u.intended, u.gender) for u in found] == [
        (
            spelled.get(rows[u.native_id]["emotion"], rows[u.native_id]["emotion"]),
            rows[u.native_id]["gender"],
        )
        for u in found
    ]
    assert Counter(u.intended for u in found)["neutral"] == 96


def test_there_are_no_votes(tmp_path):
    """The release has no listener's answers."""
    assert Ravdess().read_votes(tmp_path) is None
