"""Package records ↔ Arrow tables of the warehouse, and nothing else."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.identity import digest
from ser.corpora.records import CorpusInfo, Unrecognised
from ser.paths import escape_path
from warehouse.schemas import TABLES

if TYPE_CHECKING:
    from annotation.aggregation import Consensus
    from annotation.clips import Uncertainty
    from pipelines.evaluation import EvaluateResult
    from pipelines.judgement import Figure
    from pipelines.shards import Source
    from ser.features.ragged import RaggedFeatures
    from ser.features.record import FeatureSet
    from ser.prepare import PreparedClip, Rejected


def to_table(name: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Build rows of a warehouse table; a missing nullable column is null.

    Args:
        name: Table name.
        rows: Values by column name.
    """
    return pa.Table.from_pylist(list(rows), schema=TABLES[name].schema)


def corpus_row(info: CorpusInfo) -> pa.Table:
    """Describe a corpus."""
    row = {
        "corpus": info.name,
        "version": info.version,
        "title": info.title,
        "languages": list(info.languages),
        "licence": info.licence,
        "taxonomy": info.taxonomy.name,
        "classes": list(info.taxonomy.classes),
        "url": info.url,
        "citation": info.citation,
    }
    return to_table("corpora", [row])


def feature_set_row(features: "FeatureSet") -> pa.Table:
    """Describe a feature set by all it takes to compute it again."""
    parameters = features.parameters
    row = {
        "feature_set": features.feature_set,
        "kind": parameters["kind"],
        "parameters": json.dumps(parameters, sort_keys=True),
    }
    return to_table("feature_sets", [row])


def unrecognised_rows(corpus: str, reports: Sequence[Unrecognised]) -> pa.Table:
    """File what a scan could not make sense of; it was not opened, so it has no hash."""
    rows = [
        {
            "corpus": corpus,
            "path": report.path,
            "audio_sha256": "",
            "source_bytes": 0,
            "source_mtime_ns": 0,
            "reason": report.reason,
            "detail": report.detail,
        }
        for report in reports
    ]
    return to_table("rejects", rows)


def source_rows(corpus: str, contents: "Sequence[tuple[Source, str]]") -> pa.Table:
    """Record how files were found.

    Args:
        corpus: Corpus name.
        contents: The files, each with the hash of its bytes.
    """
    rows = [
        {
            "corpus": corpus,
            "path": escape_path(source.utterance.path),
            "observation": source.observation,
            "state": "present",
            "audio_sha256": audio_sha256,
            "source_bytes": source.size,
            "source_mtime_ns": source.mtime_ns,
        }
        for source, audio_sha256 in contents
    ]
    return to_table("sources", rows)


def clip_rows(corpus: str, clips: "Sequence[tuple[Source, PreparedClip]]") -> pa.Table:
    """Describe new clips: what their names say and what their sound says."""
    rows = [
        {
            "clip_id": _clip_id(corpus, source, clip),
            "revision": source.revision,
            "corpus": corpus,
            "native_id": _native_id(source, clip),
            "path": escape_path(source.utterance.path),
            "audio_sha256": clip.audio_sha256,
            "source_bytes": source.size,
            "source_mtime_ns": source.mtime_ns,
            "speaker": source.utterance.speaker,
            # Pieces of one recording share its voices and its room.
            "session": source.utterance.session or _recording(source, clip),
            "gender": source.utterance.gender,
            "language": source.utterance.language,
            "sentence": source.utterance.sentence,
            "transcript": source.utterance.transcript,
            "intended": source.utterance.intended,
            "intensity": source.utterance.intensity,
            "age": source.utterance.age,
            "source_format": clip.source_format,
            "source_rate": clip.source_rate,
            "source_channels": clip.source_channels,
            "duration_s": clip.duration_s,
            "speech_start_s": clip.speech_start_s,
            "speech_end_s": clip.speech_end_s,
            "level_dbfs": clip.level_dbfs,
            "clipped_fraction": clip.clipped_fraction,
            "snr_db": clip.snr_db,
            "recording": _recording(source, clip),
            "flags": list(clip.flags),
        }
        for source, clip in clips
    ]
    return to_table("clips", rows)


def reject_rows(corpus: str, rejects: "Sequence[tuple[Source, Rejected]]") -> pa.Table:
    """File what could not be decoded."""
    rows = [
        {
            "corpus": corpus,
            "path": escape_path(source.utterance.path),
            "audio_sha256": reject.audio_sha256,
            "source_bytes": source.size,
            "source_mtime_ns": source.mtime_ns,
            "reason": reject.reason,
            "detail": reject.detail,
        }
        for source, reject in rejects
    ]
    return to_table("rejects", rows)


def waveform_rows(
    clips: "Sequence[tuple[Source, PreparedClip]]",
    clip_ids: pa.ChunkedArray,
    fingerprints: Sequence[npt.NDArray[np.uint32]],
) -> pa.Table:
    """Store the trimmed audio of new clips, and what tells it from other audio."""
    columns = {
        "clip_id": clip_ids,
        "revision": [source.revision for source, _ in clips],
        "sample_rate": [clip.sample_rate for _, clip in clips],
        "samples": [len(clip.waveform) for _, clip in clips],
        "pcm16": [clip.waveform.astype("<i2", copy=False).tobytes() for _, clip in clips],
        "fingerprint": [words.astype("<u4", copy=False).tobytes() for words in fingerprints],
    }
    return pa.table(columns, schema=TABLES["waveforms"].schema)


def feature_rows(
    clip_ids: Sequence[str],
    revisions: Sequence[int],
    features: "RaggedFeatures",
    feature_set: str,
) -> pa.Table:
    """Store the frames of clips; the values become one Arrow buffer without a copy."""
    count = len(clip_ids)
    # int32 offsets hold 2^31 values, about 100 hours of log-mel in one batch.
    offsets = (features.offsets * features.bands).astype(np.int32)
    return pa.table(
        {
            "clip_id": clip_ids,
            "revision": pa.array(revisions, pa.int32()),
            "feature_set": [feature_set] * count,
            "frames": pa.array(features.lengths, pa.int32()),
            "bands": pa.array(np.full(count, features.bands), pa.int32()),
            "values": pa.ListArray.from_arrays(offsets, features.values.reshape(-1)),
        },
        schema=TABLES["features"].schema,
    )


def vote_rows(votes: pa.Table, info: CorpusInfo) -> pa.Table:
    """Turn a corpus's own votes into ledger rows; their ids follow from the source alone."""
    from annotation.imports.identity import vote_ids  # noqa: PLC0415 - workers write no votes

    count = votes.num_rows
    columns = {
        "vote_id": vote_ids(info.name, votes["source_ref"].to_pylist()),
        "clip_id": [f"{info.name}/{native_id}" for native_id in votes["native_id"].to_pylist()],
        "taxonomy": [info.taxonomy.name] * count,
        "source": [info.name] * count,
        "supersedes": pa.nulls(count, pa.string()),
        "is_retraction": [False] * count,
    }
    schema = TABLES["votes"].schema
    return pa.table(
        {name: columns[name] if name in columns else votes[name] for name in schema.names},
        schema=schema,
    )


def consensus_rows(
    header: Mapping[str, Any],
    consensus: "Consensus",
    *,
    doubt: "Uncertainty",
    expected_gain: npt.NDArray[np.float64] | None,
) -> dict[str, pa.Table]:
    """Describe one aggregation run, its clips and its annotators.

    Args:
        header: The columns of `consensus_runs` that the result does not know.
        consensus: The result.
        doubt: What remains unknown of its N clips, in the same order.
        expected_gain: What one more average vote is worth, nats, ``(N,)``; None where the
            aggregator does not know how people confuse classes.
    """
    run_id, modality = header["run_id"], header["modality"]
    run = {
        **header,
        "classes": list(consensus.classes),
        "iterations": consensus.iterations,
        "converged": consensus.converged,
    }
    clips, size = consensus.posterior.shape
    clip_columns = {
        "run_id": [run_id] * clips,
        "clip_id": list(consensus.items),
        "modality": [modality] * clips,
        "posterior": _lists(consensus.posterior, pa.float64()),
        "label": consensus.label_names(),
        "is_tie": consensus.is_tie,
        "entropy": consensus.entropy,
        "votes": pa.array(consensus.votes, pa.int32()),
        "expected_gain": pa.nulls(clips, pa.float64()) if expected_gain is None else expected_gain,
        "ambiguity": doubt.ambiguity,
        "ignorance": doubt.ignorance,
    }
    count = len(consensus.annotators)
    confusion = (
        _lists(consensus.confusion.reshape(count, size * size), pa.float64())
        if consensus.confusion is not None
        else pa.array([[]] * count, pa.list_(pa.float64()))
    )
    annotator_columns = {
        "run_id": [run_id] * count,
        "annotator": list(consensus.annotators),
        "modality": [modality] * count,
        "votes": pa.array(consensus.annotator_votes, pa.int32()),
        "skill": consensus.skill,
        "confusion": confusion,
    }
    return {
        "consensus_runs": to_table("consensus_runs", [run]),
        "consensus": pa.table(clip_columns, schema=TABLES["consensus"].schema),
        "annotators": pa.table(annotator_columns, schema=TABLES["annotators"].schema),
    }


def model_row(row: Mapping[str, Any]) -> pa.Table:
    """Describe a freshly trained model, a candidate until a gate decides."""
    config_sha256 = hashlib.sha256(row["config"].encode()).hexdigest()
    return to_table("models", [{**row, "state": "candidate", "config_sha256": config_sha256}])


def evaluation_rows(result: "EvaluateResult") -> pa.Table:
    """Describe how well a model does on a part; a model of ratings alone has NaN for the UAR."""
    (told,) = result.rows()
    figures = ("uar", "war", "uar_low", "uar_high")
    row = {
        "evaluation_id": result.evaluation_id,
        "model_id": result.model_id,
        "part": result.part,
        "clips": result.clips,
        "speakers": list(result.speakers),
        **{name: told[name] if result.classes else float("nan") for name in figures},
        "confusion": list(result.judgement.confusion),
        "classes": list(result.classes),
        "taxonomy": result.taxonomy,
        "mapping": result.mapping,
        "truth": result.truth,
        "corpus": result.corpus,
        "snapshot": result.snapshot,
    }
    return to_table("evaluations", [row])


def metric_rows(evaluation_id: str, figures: "Sequence[Figure]") -> pa.Table:
    """Describe every figure of an evaluation."""
    rows = [{"evaluation_id": evaluation_id, **asdict(figure)} for figure in figures]
    return to_table("metrics", rows)


def prediction_rows(
    model_id: str,
    clip_ids: Sequence[str],
    posterior: npt.NDArray[np.float32],
    embeddings: npt.NDArray[np.float32],
    disagreement: npt.NDArray[np.float64] | None = None,
) -> pa.Table:
    """Store what a model says about clips."""
    unknown = [None] * len(clip_ids)
    columns = {
        "model_id": [model_id] * len(clip_ids),
        "clip_id": list(clip_ids),
        "posterior": _lists(posterior, pa.float32()),
        "embedding": _lists(embeddings, pa.float32()),
        "disagreement": unknown if disagreement is None else disagreement,
    }
    return pa.table(columns, schema=TABLES["predictions"].schema)


def read_waveform(pcm16: bytes) -> npt.NDArray[np.float32]:
    """Return stored samples as float32 in [−1, 1)."""
    return np.frombuffer(pcm16, "<i2").astype(np.float32) / 32768.0


def read_posterior(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    """Return a posterior column as ``(N, C)``; without rows C is unknown and 0."""
    flat = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    classes = len(flat) // max(len(column), 1)
    return np.asarray(flat, np.float64).reshape(len(column), classes)


def _clip_id(corpus: str, source: "Source", clip: "PreparedClip") -> str:
    return f"{corpus}/{_native_id(source, clip)}"


def _native_id(source: "Source", clip: "PreparedClip") -> str:
    native_id = source.utterance.native_id
    if clip.segment is None:
        return native_id
    start_s, end_s = clip.segment
    # Wide enough for a day, so that ids sort by time.
    return f"{native_id}#{start_s:09.3f}-{end_s:09.3f}"


def _recording(source: "Source", clip: "PreparedClip") -> str | None:
    return None if clip.segment is None else source.utterance.native_id


def _lists(matrix: npt.NDArray[np.floating], kind: pa.DataType) -> pa.ListArray:
    """Return the rows of an (N, K) matrix as a list column without a Python loop."""
    rows, size = matrix.shape
    values = pa.array(np.ascontiguousarray(matrix).reshape(-1), kind)
    return pa.ListArray.from_arrays(np.arange(rows + 1, dtype=np.int32) * size, values)


def audio_file_name(clip_id: str) -> Path:
    """Return the relative path that a clip's exported audio gets, always inside its corpus.

    Example:
        >>> audio_file_name("ravdess/03-01").as_posix()
        'ravdess/03-01.flac'
    """
    corpus, _, native_id = clip_id.partition("/")
    # A native id from somebody's manifest is any text, and must not lead out of the folder.
    leads_out = any(part in {"", ".", ".."} for part in native_id.split("/"))
    return Path(corpus) / f"{digest(native_id) if leads_out else native_id}.flac"
