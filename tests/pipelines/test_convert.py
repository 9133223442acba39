"""Package records become rows that fit the data contract, and nothing is lost on the way."""

import json
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np
import pyarrow as pa
import pytest

from annotation.aggregation import Aggregator, DawidSkene, MajorityVote
from annotation.clips import separate_uncertainty
from annotation.testing import make_votes
from pipelines import convert
from pipelines.evaluation import EvaluateResult
from pipelines.judged_ratings import RatedClips
from pipelines.judgement import Figure, Judgement, Scaling
from pipelines.shards import Source
from ser.corpora import find_corpus
from ser.corpora.records import VOTE_SCHEMA, Unrecognised, Utterance
from ser.features.ragged import RaggedFeatures
from ser.features.spectral import LogMel
from ser.prepare import PreparedClip, Rejected
from warehouse.schemas import TABLES


def prepared(samples: int) -> PreparedClip:
    """Return a clip of a rising ramp."""
    return PreparedClip(
        waveform=np.arange(samples, dtype=np.int16) - 1,
        sample_rate=16000,
        audio_sha256="ab",
        source_bytes=10,
        source_format="WAV",
        source_rate=48000,
        source_channels=2,
        duration_s=2.0,
        speech_start_s=0.5,
        speech_end_s=1.5,
        level_dbfs=-20.0,
        clipped_fraction=0.0,
        snr_db=float("nan"),
        flags=("quiet",),
    )


def source(native_id: str) -> Source:
    """Return a file in its second revision, seen a third time, with everything known about it."""
    utterance = Utterance(
        native_id, f"x/{native_id}.wav", "sp", "s1", "female", "en", "t1", "Hi",
        "joy", "strong", 31.0,
    )  # fmt: skip
    return Source(utterance, 10, mtime_ns=7, known=(), observation=3, revision=2, is_known=True)


def test_a_clip_keeps_what_its_name_and_its_sound_say() -> None:
    """Every column of `clips` is filled from the scan or from the decoder."""
    (row,) = convert.clip_rows("demo", [(source("a"), prepared(4))]).to_pylist()
    assert (row["clip_id"], row["revision"], row["path"]) == ("demo/a", 2, "x/a.wav")
    assert (row["speaker"], row["session"], row["intended"]) == ("sp", "s1", "joy")
    assert (row["source_rate"], row["source_channels"], row["duration_s"]) == (48000, 2, 2.0)
    assert [name for name, value in row.items() if value is None] == ["recording"]
    assert row["flags"] == ["quiet"]


def test_a_piece_of_a_recording_is_a_clip_of_its_own() -> None:
    """Its id says where it is, and all pieces of one recording share a session."""
    clip = replace(prepared(4), segment=(7.5, 3600.25))
    file = source("a")
    alone = replace(file, utterance=replace(file.utterance, session=None))
    rows = convert.clip_rows("demo", [(file, clip), (alone, clip)]).to_pylist()
    assert {row["native_id"] for row in rows} == {"a#00007.500-03600.250"}
    assert {row["recording"] for row in rows} == {"a"}
    assert [row["session"] for row in rows] == ["s1", "a"]


def test_a_file_is_recorded_as_it_was_found() -> None:
    """The row has what tells at the next run whether it changed."""
    (row,) = convert.source_rows("demo", [(source("a"), "ab")]).to_pylist()
    assert (row["path"], row["observation"], row["state"]) == ("x/a.wav", 3, "present")
    assert (row["source_bytes"], row["source_mtime_ns"], row["audio_sha256"]) == (10, 7, "ab")


def test_a_waveform_comes_back_sample_by_sample() -> None:
    """What is stored is what is read, within [-1, 1)."""
    words = np.array([1, 2], np.uint32)
    clips = [(source("a"), prepared(4))]
    (row,) = convert.waveform_rows(clips, pa.chunked_array([["demo/a"]]), [words]).to_pylist()
    assert np.frombuffer(row["fingerprint"], "<u4").tolist() == [1, 2]
    assert (row["samples"], row["sample_rate"]) == (4, 16000)
    assert convert.read_waveform(row["pcm16"]).tolist() == [-1 / 32768, 0, 1 / 32768, 2 / 32768]


def test_features_keep_their_frames_clip_by_clip() -> None:
    """Clips of different lengths share one buffer and keep their borders."""
    arrays = [np.full((2, 3), 1.0, np.float32), np.full((1, 3), 2.0, np.float32)]
    frames = RaggedFeatures.from_list(arrays)
    table = convert.feature_rows(["demo/a", "demo/b"], [1, 2], frames, "mel-1")
    assert table.schema.equals(TABLES["features"].schema)
    assert table["frames"].to_pylist() == [2, 1]
    assert table["values"].to_pylist() == [[1.0] * 6, [2.0] * 3]


def test_a_feature_set_is_its_parameters() -> None:
    """The row holds everything that makes the features again."""
    log_mel = LogMel(hop=160)
    (row,) = convert.feature_set_row(log_mel).to_pylist()
    assert row["feature_set"] == log_mel.feature_set
    assert json.loads(row["parameters"])["hop"] == 160


def test_rejects_say_where_and_why() -> None:
    """A file that could not be decoded, and one whose name did not fit, have one shape."""
    refused = Rejected("truncated", "half of it is missing", "ab", 10)
    decoded = convert.reject_rows("demo", [(source("a"), refused)])
    named = convert.unrecognised_rows("demo", [Unrecognised("y.wav", "unrecognised_name", "?")])
    assert decoded.schema.equals(named.schema)
    assert decoded.select(["path", "reason"]).to_pylist() == [
        {"path": "x/a.wav", "reason": "truncated"}
    ]
    assert named["audio_sha256"].to_pylist() == [""]


def test_votes_of_a_corpus_have_ids_of_their_own() -> None:
    """The id follows from corpus and reference: two corpora never share one."""
    row = {"native_id": "a", "modality": "audio", "label": "anger", "count": 3, "source_ref": "1"}
    votes = pa.Table.from_pylist([row], schema=VOTE_SCHEMA)
    infos = [find_corpus(name).info for name in ("crema-d", "synthetic")]
    first, second = (convert.vote_rows(votes, info) for info in infos)
    assert first.schema.equals(TABLES["votes"].schema)
    assert first["clip_id"].to_pylist() == ["crema-d/a"]
    assert first["vote_id"] != second["vote_id"]


def test_the_id_of_a_vote_never_changes() -> None:
    """An id is in every warehouse there is: another one would make each vote a new vote."""
    row = {"native_id": "a", "modality": "audio", "label": "anger", "count": 3, "source_ref": "a/é"}
    votes = pa.Table.from_pylist([row], schema=VOTE_SCHEMA)
    ids = convert.vote_rows(votes, find_corpus("crema-d").info)["vote_id"].to_pylist()
    assert ids == ["26c6293c80bbe30f38e6315959b39bfe"]


@pytest.mark.parametrize("method", [MajorityVote(), DawidSkene()], ids=["majority", "dawid"])
def test_consensus_fits_whatever_the_method_knows(method: Aggregator) -> None:
    """A method with confusion matrices and one without fill the same tables."""
    votes = make_votes(["calm", "joy"], clips=4, annotators=3).matrix()
    consensus = method.aggregate(votes)
    doubt = separate_uncertainty(votes)
    gain = None if consensus.confusion is None else np.full(4, 0.5)
    header = {
        "run_id": "r", "aggregator": "m", "taxonomy": "t", "modality": "audio", "corpus": None,
        "parameters": "{}", "snapshot": 1,
    }  # fmt: skip
    tables = convert.consensus_rows(header, consensus, doubt=doubt, expected_gain=gain)
    assert all(tables[name].schema.equals(TABLES[name].schema) for name in tables)
    posterior = convert.read_posterior(tables["consensus"]["posterior"])
    np.testing.assert_array_equal(posterior, consensus.posterior)
    gains = tables["consensus"]["expected_gain"].to_pylist()
    assert gains == [None if gain is None else 0.5] * 4
    np.testing.assert_array_equal(tables["consensus"]["ignorance"], doubt.ignorance)
    sizes = {len(matrix) for matrix in tables["annotators"]["confusion"].to_pylist()}
    assert sizes == {0 if consensus.confusion is None else 4}


def test_predictions_come_back_row_by_row() -> None:
    """Posteriors are stored as float32 and read as a matrix."""
    posterior = np.array([[0.25, 0.75], [1.0, 0.0]], np.float32)
    rows = convert.prediction_rows("m", ["a", "b"], posterior, np.zeros((2, 3), np.float32))
    assert rows.schema.equals(TABLES["predictions"].schema)
    np.testing.assert_array_equal(convert.read_posterior(rows["posterior"]), posterior)


def test_no_predictions_are_an_empty_matrix() -> None:
    """Reading the posteriors of no clips is no error."""
    empty = TABLES["predictions"].empty()["posterior"]
    assert len(convert.read_posterior(empty)) == 0


def make_result(**changes: object) -> EvaluateResult:
    """Return what one evaluation found."""
    figures = [Figure(name, "all", "all", 0.5, 0.4, np.nan, 4, 1) for name in ("uar", "war")]
    result = EvaluateResult(
        model_id="m",
        truth="intended",
        part="test",
        corpus=None,
        snapshot=7,
        taxonomy="ab-2",
        mapping="abc-3.ab-2.v1.0",
        clips=4,
        dropped=1,
        speakers=("sp",),
        classes=("a", "b"),
        judgement=Judgement(tuple(figures), (1, 1, 1, 1), (), None),
        scaling=Scaling("none"),
        rated=RatedClips((), (), np.empty((0, 0)), "audio"),
    )
    return replace(result, **changes)


def test_an_evaluation_says_by_what_it_judged() -> None:
    """Taxonomy, mapping, truth and snapshot stand beside the figures."""
    (row,) = convert.evaluation_rows(make_result()).to_pylist()
    assert (row["taxonomy"], row["mapping"]) == ("ab-2", "abc-3.ab-2.v1.0")
    assert (row["truth"], row["corpus"], row["snapshot"]) == ("intended", None, 7)
    assert (row["speakers"], row["confusion"]) == (["sp"], [1, 1, 1, 1])


def test_an_evaluation_is_named_by_model_part_truth_and_corpus() -> None:
    """Judging one model by two truths, on two parts or two corpora gives two rows."""
    changes = ({}, {"truth": "run"}, {"part": "dev"}, {"corpus": "calls"})
    names = [
        convert.evaluation_rows(make_result(**change))["evaluation_id"][0].as_py()
        for change in changes
    ]
    assert names == ["m/test/intended", "m/test/run", "m/dev/intended", "m/test/intended/calls"]


def test_every_figure_is_a_row_with_its_interval() -> None:
    """An end that is undefined stays so."""
    first, second = convert.metric_rows("e", make_result().judgement.figures).to_pylist()
    assert (first["evaluation_id"], first["metric"], second["metric"]) == ("e", "uar", "war")
    assert (first["value"], first["low"], np.isnan(first["high"])) == (0.5, 0.4, True)


@pytest.mark.parametrize(
    ("clip_id", "path"),
    [
        ("ravdess/03-01", "ravdess/03-01.flac"),
        ("calls/day/a.wav", "calls/day/a.wav.flac"),
    ],
)
def test_exported_audio_is_named_by_its_clip(clip_id: str, path: str) -> None:
    """Two clips that differ in their id alone get two files."""
    assert convert.audio_file_name(clip_id).as_posix() == path


@pytest.mark.parametrize("clip_id", ["calls/../../etc/x", "calls//etc/x"])
def test_exported_audio_stays_in_its_folder(clip_id: str) -> None:
    """A native id from somebody's manifest cannot point out of the export."""
    path = PurePosixPath("out") / convert.audio_file_name(clip_id).as_posix()
    assert ".." not in path.parts
    assert path.is_relative_to("out/calls")
