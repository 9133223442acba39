"""CREMA-D names, genders and vote counts."""

import csv
from collections import Counter, defaultdict
from pathlib import PurePosixPath

import pytest

from ser.corpora.crema_d import CremaD, intended_label, parse_name, read_speakers
from ser.corpora.records import VOTE_SCHEMA, Unrecognised
from ser.errors import CorpusError

HEADER = '"","A","D","F","H","N","S","fileName","numResponses"\n'


def write_votes(root, *rows):
    """Write a table of votes with the given rows."""
    (root / "processedResults").mkdir()
    (root / "processedResults" / "tabulatedVotes.csv").write_text(HEADER + "\n".join(rows) + "\n")


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("1001_IEO_HAP_LO", ("1001", "IEO", "happiness")),
        ("1091_WSI_DIS_XX", ("1091", "WSI", "disgust")),
        ("1040_ITH_NEU_XX", ("1040", "ITH", "neutral")),
    ],
)
def test_name_gives_every_field(name, fields):
    """A file name says who speaks which sentence in which emotion."""
    found = parse_name(PurePosixPath(f"AudioWAV/{name}.wav"))
    assert (found.speaker, found.sentence, found.intended) == fields
    assert intended_label(name) == fields[2]


@pytest.mark.parametrize("name", ["1001_XXX_HAP_LO", "1001_IEO_JOY_LO", "1040_ITH_SAD_X"])
def test_name_that_does_not_fit_is_reported(name):
    """Unknown sentences, emotions and levels are reported."""
    found = parse_name(PurePosixPath(f"{name}.wav"))
    assert isinstance(found, Unrecognised)
    with pytest.raises(CorpusError, match=f"got '{name}'"):
        intended_label(name)


def test_every_published_name_is_read(serloop_data):
    """The 7,442 clips of the release all fit the scheme."""
    with (serloop_data / "crema-d-votes" / "audiowav_lfs_sha256.csv").open() as stream:
        found = [parse_name(PurePosixPath(row["file"])) for row in csv.DictReader(stream)]
    assert len({u.native_id for u in found}) == 7442
    assert len({u.speaker for u in found}) == 91
    assert Counter(u.intended for u in found)["neutral"] == 1087


def test_scan_reads_audio_gender_and_age(tmp_path):
    """Both come from the demographics; MP3 copies are left out."""
    for name in ("AudioWAV/1001_IEO_HAP_LO.wav", "AudioMP3/1001_IEO_HAP_LO.mp3"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "VideoDemographics.csv").write_text('"ActorID","Age","Sex"\n1001,51,"Male"\n')
    scan = CremaD().scan(tmp_path)
    (found,) = scan.utterances
    assert (found.native_id, found.gender, found.age) == ("1001_IEO_HAP_LO", "male", 51)
    assert (scan.unrecognised, scan.out_of_scope) == ((), 1)


def test_real_speakers(serloop_data):
    """48 men and 43 women between 20 and 74 years, as the paper says."""
    speakers = read_speakers(serloop_data / "crema-d-votes").values()
    assert Counter(gender for gender, _ in speakers) == {"male": 48, "female": 43}
    ages = [age for _, age in speakers]
    assert (min(ages), max(ages)) == (20, 74)


def test_folder_with_votes_alone_says_that_the_audio_is_missing(serloop_data):
    """The error tells that the votes can still be read."""
    with pytest.raises(CorpusError, match="the votes can be read without the audio"):
        CremaD().scan(serloop_data / "crema-d-votes")


def test_real_votes_are_complete(serloop_data):
    """212,000 anonymous votes, 68,568 of them on the voice alone."""
    votes = CremaD().read_votes(serloop_data / "crema-d-votes")
    assert votes.schema == VOTE_SCHEMA
    cast = {
        row["modality"]: row["count_sum"]
        for row in votes.group_by("modality").aggregate([("count", "sum")]).to_pylist()
    }
    assert cast == {"audio": 68_568, "video": 71_654, "audiovisual": 71_778}
    assert votes["annotator"].null_count == votes.num_rows
    assert len(set(votes["native_id"].to_pylist())) == 7442


def test_real_majorities_equal_the_published_ones(serloop_data):
    """Most votes per clip and modality agree with the release's own summary table."""
    root = serloop_data / "crema-d-votes"
    tally = defaultdict(Counter)
    for row in CremaD().read_votes(root).to_pylist():
        tally[row["native_id"], row["modality"]][row["label"][0].upper()] += row["count"]
    with (root / "processedResults" / "summaryTable.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    columns = {"VoiceVote": "audio", "FaceVote": "video", "MultiModalVote": "audiovisual"}
    for row in rows:
        for column, modality in columns.items():
            counts = tally[row["FileName"], modality]
            most = {label for label, count in counts.items() if count == max(counts.values())}
            assert most == set(row[column].split(":")), (row["FileName"], modality)


def test_a_vote_is_one_label_of_one_row(tmp_path):
    """Labels without a vote make no row, and the reference names row and label."""
    write_votes(tmp_path, '"200007",0,3,0,0,1,0,"1001_IEO_NEU_XX",4')
    votes = CremaD().read_votes(tmp_path)
    columns = ["native_id", "modality", "label", "count", "source_ref"]
    assert votes.select(columns).to_pylist() == [
        dict(zip(columns, values, strict=True))
        for values in (
            ("1001_IEO_NEU_XX", "video", "disgust", 3, "200007/disgust"),
            ("1001_IEO_NEU_XX", "video", "neutral", 1, "200007/neutral"),
        )
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        pytest.param('"400001",1,0,0,0,0,0,"1001_IEO_NEU_XX",1', "starting with 1, 2", id="digit"),
        pytest.param('"100001",1,0,0,0,0,0,"1001_IEO_NEU_XX",2', "adding up", id="sum"),
        pytest.param('"100001",-1,2,0,0,0,0,"1001_IEO_NEU_XX",1', "at least 0", id="negative"),
        pytest.param('"100001",1,0,0,0,0,0,"clip one",1', "`fileName` to be", id="name"),
        pytest.param('"100001",x,0,0,0,0,0,"1001_IEO_NEU_XX",1', "must have an unn", id="text"),
    ],
)
def test_bad_vote_row_is_refused(tmp_path, row, message):
    """Votes that cannot be trusted stop the reading with the row."""
    write_votes(tmp_path, '"100002",1,0,0,0,0,0,"1002_IEO_NEU_XX",1', row)
    with pytest.raises(CorpusError, match=message):
        CremaD().read_votes(tmp_path)


def test_missing_vote_column_is_refused(tmp_path):
    """The message lists the columns."""
    (tmp_path / "processedResults").mkdir()
    (tmp_path / "processedResults" / "tabulatedVotes.csv").write_text('"","A"\n1,2\n')
    with pytest.raises(CorpusError, match="counts A, D, F, H, N, S"):
        CremaD().read_votes(tmp_path)


@pytest.mark.parametrize("row", ["1001,51,?", "1001,old,Male", "1001,51"])
def test_bad_demographics_are_refused(tmp_path, row):
    """Another gender, an age that is no number or a missing cell stops the reading."""
    (tmp_path / "VideoDemographics.csv").write_text(f"ActorID,Age,Sex\n{row}\n")
    with pytest.raises(CorpusError, match=r"Age \(years\) and Sex \(Female or Male\)"):
        read_speakers(tmp_path)


def test_no_file_means_no_votes(tmp_path):
    """A copy without the table has no votes, which is no error."""
    assert CremaD().read_votes(tmp_path) is None
