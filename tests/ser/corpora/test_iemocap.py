"""IEMOCAP, on a tree in its exact layout (the release itself is restricted)."""

from pathlib import PurePosixPath

import pytest

from ser.corpora.iemocap import Iemocap, parse_name
from ser.corpora.iemocap_evaluation import read_evaluations
from ser.corpora.records import Unrecognised
from ser.corpora.testing import write_iemocap_tree
from ser.errors import CorpusError

HEADER = "[6.2901 - 8.2357]\tSes01F_impro01_F000\tneu\t[2.5000, 2.5000, 2.5000]\n"


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """Return a small release."""
    return write_iemocap_tree(tmp_path_factory.mktemp("iemocap"))


def folder(dialog):
    """Return the folder of a dialog of session 3."""
    return PurePosixPath("Session3/sentences/wav") / dialog


@pytest.mark.parametrize(
    ("dialog", "turn", "speaker"),
    [
        ("Ses03F_impro01", "F000", "Ses03F"),
        ("Ses03F_impro05a", "M012", "Ses03M"),
        ("Ses03M_script01_1b", "F003", "Ses03F"),
        ("Ses03M_script03_2", "MXX1", "Ses03M"),
    ],
)
def test_the_last_letter_names_the_speaker(dialog, turn, speaker):
    """The letter after the session names who wears the markers, not who speaks."""
    found = parse_name(folder(dialog) / f"{dialog}_{turn}.wav")
    assert (found.speaker, found.session) == (speaker, "Session3")


@pytest.mark.parametrize(
    "path",
    [
        "Session3/sentences/wav/Ses03F_impro01/Ses03F_impro01_X000.wav",
        "Session2/sentences/wav/Ses03F_impro01/Ses03F_impro01_F000.wav",
        "Session3/sentences/wav/Ses03F_impro02/Ses03F_impro01_F000.wav",
        "Ses06F_impro01_F000.wav",
    ],
)
def test_name_that_does_not_fit_is_reported(path):
    """Names against their folders and unknown sessions are reported."""
    assert isinstance(parse_name(PurePosixPath(path)), Unrecognised)


@pytest.mark.parametrize("above", [False, True], ids=["release", "folder above"])
def test_scan_reads_speakers_sessions_and_words(release, above):
    """Ten speakers in five sessions; hidden doubles and whole dialogs are left out."""
    scan = Iemocap().scan(release.parent if above else release)
    assert len(scan.utterances) == len({u.speaker for u in scan.utterances}) == 10
    assert (scan.unrecognised, scan.out_of_scope) == ((), 5)
    first = scan.utterances[0]
    assert (first.native_id, first.transcript) == ("Ses01F_impro01_F000", "Excuse me.")
    assert first.intended is None
    assert (scan.folder / first.path).is_file()


def test_votes_name_the_evaluators(release):
    """One row a judgement; several categories of one evaluator are several rows."""
    votes = Iemocap().read_votes(release).to_pylist()
    first = [vote for vote in votes if vote["native_id"] == "Ses01F_impro01_F000"]
    assert [(v["annotator"], v["label"]) for v in first if v["label"]] == [
        ("iemocap/E2", "neutral"),
        ("iemocap/E3", "neutral"),
        ("iemocap/E4", "neutral"),
        ("iemocap/E4", "anger"),
        ("iemocap/Ses01F-self", "neutral"),
    ]
    assert {vote["modality"] for vote in votes} == {"audiovisual"}


def test_missing_ratings_stay_missing(release):
    """An empty `dom` is null, and a line of empty ratings is no vote."""
    votes = Iemocap().read_votes(release).to_pylist()
    rated = {v["source_ref"]: v for v in votes if v["label"] is None}
    fourth = rated["Ses01F_impro01_F000/A-E4/0"]
    assert (fourth["valence"], fourth["arousal"], fourth["dominance"]) == (5.0, 5.0, None)
    assert "Ses01F_impro01_M000/A-E4/0" not in rated


def test_an_actress_is_another_person_in_every_session(release):
    """The code F1 of five sessions means five people."""
    annotators = set(Iemocap().read_votes(release)["annotator"].to_pylist())
    selves = {f"iemocap/Ses0{session}{sex}-self" for session in range(1, 6) for sex in "FM"}
    assert annotators == selves | {"iemocap/E2", "iemocap/E3", "iemocap/E4"}


def test_all_labels_are_classes(release):
    """Every category has a class of the taxonomy."""
    labels = set(Iemocap().read_votes(release)["label"].drop_null().to_pylist())
    assert labels <= set(Iemocap.info.taxonomy.classes)
    assert {"excitement", "frustration", "other"} <= labels


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("C-E2:\tAnger;\t()\n", "expected an utterance before", id="no utterance"),
        pytest.param(HEADER + "C-E2:\tJoy;\t()\n", "line 2: expected one of .*'Joy'", id="label"),
        pytest.param(HEADER + "A-E2:\tpow 3;\t()\n", "and a number, got 'pow 3'", id="rating"),
        pytest.param(HEADER + "something\n", "expected a line such as", id="line"),
    ],
)
def test_unreadable_line_is_refused_with_its_number(tmp_path, content, message):
    """A judgement that cannot be read is not dropped."""
    path = tmp_path / "Ses01F_impro01.txt"
    path.write_text(content)
    with pytest.raises(CorpusError, match=message):
        read_evaluations(path)


def test_no_evaluation_file_means_no_votes(tmp_path):
    """A copy with audio alone has no votes."""
    assert Iemocap().read_votes(tmp_path) is None
