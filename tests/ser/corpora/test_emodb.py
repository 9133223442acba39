"""EmoDB names, checked on the names of its listening test."""

import csv
from pathlib import PurePosixPath

import pytest

from ser.corpora.emodb import SENTENCES, SPEAKERS, EmoDb, parse_name
from ser.corpora.records import Unrecognised, Utterance


def test_name_gives_every_field():
    """A file name says who speaks which sentence in which emotion."""
    path = PurePosixPath("wav/03a01Fa.wav")
    assert parse_name(path) == Utterance(
        native_id="03a01Fa",
        path=str(path),
        speaker="03",
        gender="male",
        age=31.0,
        language="de",
        sentence="a01",
        transcript="Der Lappen liegt auf dem Eisschrank.",
        intended="happiness",
    )


@pytest.mark.parametrize("name", ["04a01Fa", "03a03Fa", "03a01Xa", "03a01", "03a01Fab"])
def test_name_that_does_not_fit_is_reported(name):
    """Unknown speakers, texts and emotions are reported."""
    found = parse_name(PurePosixPath(f"{name}.wav"))
    assert isinstance(found, Unrecognised)
    assert f"got '{name}.wav'" in found.detail


def test_ten_speakers_and_ten_sentences():
    """Five women and five men speak ten sentences."""
    genders = sorted(gender for gender, _ in SPEAKERS.values())
    assert genders == ["female"] * 5 + ["male"] * 5
    assert len(SENTENCES) == 10


def test_every_name_of_the_listening_test_is_read(serloop_data):
    """Emotion, speaker and text of 816 clips equal the independent table."""
    with (serloop_data / "emodb-perception" / "perception.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    found = [parse_name(PurePosixPath(row["file"])) for row in rows]
    assert len(found) == 816
    assert [(u.intended, u.speaker, u.sentence) for u in found] == [
        (row["emotion"], row["speaker"], row["text"]) for row in rows
    ]


def test_recognition_rates_do_not_tell_the_votes(serloop_data):
    """The reason for having no votes: some rates fit 21 listeners, not the documented 20."""
    with (serloop_data / "emodb-perception" / "perception.csv").open() as stream:
        rates = [float(row["recognised_pct"]) for row in csv.DictReader(stream)]

    def fits(rate, listeners):
        return abs(rate * listeners / 100 - round(rate * listeners / 100)) < 0.01

    assert sum(not fits(rate, 20) for rate in rates) == 64
    assert all(fits(rate, 20) or fits(rate, 21) for rate in rates)
    assert EmoDb().read_votes(serloop_data / "emodb-perception") is None


def test_scan_reads_the_published_layout(tmp_path):
    """Audio lies in `wav`."""
    (tmp_path / "wav").mkdir()
    for name in ("16b10Wb.wav", "03a01Nc.wav"):
        (tmp_path / "wav" / name).touch()
    found = EmoDb().scan(tmp_path).utterances
    assert [(u.native_id, u.intended) for u in found] == [
        ("03a01Nc", "neutral"),
        ("16b10Wb", "anger"),
    ]
