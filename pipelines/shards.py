"""What one worker process does: decode a batch of files and write its shards."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.convert import (
    clip_rows,
    feature_rows,
    feature_set_row,
    reject_rows,
    waveform_rows,
)
from ser.corpora.records import Utterance
from warehouse import S3Access, Shard, write_shard


@dataclass(frozen=True)
class Source:
    """One file to ingest.

    Args:
        utterance: What its name says.
        size: Bytes on disk.
        mtime_ns: Modification time, nanoseconds.
        known: Hashes of the contents the warehouse has of it, taken or refused.
        revision: Revision its clip gets if the content is new.
    """

    utterance: Utterance
    size: int
    mtime_ns: int
    known: frozenset[str]
    revision: int


@dataclass(frozen=True)
class ShardJob:
    """One batch of files and how to prepare them; cheap to send to another process."""

    corpus: str
    folder: Path
    sources: tuple[Source, ...]
    data_path: str
    s3: S3Access | None
    features: Mapping[str, Any]
    trimming: Mapping[str, Any]


@dataclass(frozen=True)
class ShardOutcome:
    """Rows to commit, and the shards that go with them.

    Args:
        rows: Small tables by name: `feature_sets`, `clips` and `rejects`.
        shards: Registered together with the rows.
        unchanged: Files whose content proved to be what the warehouse has already.
        speech_s: Seconds of speech in the new clips.
        reasons: Reason code of each rejected file.
    """

    rows: Mapping[str, pa.Table]
    shards: tuple[Shard, ...]
    unchanged: int
    speech_s: float
    reasons: tuple[str, ...]


def start_process(threads: int) -> None:
    """Prepare a worker process.

    Args:
        threads: Intra-op threads of torch; more than one per process loses on shared cores.
    """
    from ser.threads import use_threads  # noqa: PLC0415 - loads torch

    use_threads(threads)


def prepare_shard(job: ShardJob) -> ShardOutcome:
    """Decode, trim and describe a batch of files, and write its waveforms and features.

    Args:
        job: The batch.

    Returns:
        The rows and shards to commit; nothing is visible before that commit.
    """
    from ser.audio.segment import TrimSettings  # noqa: PLC0415 - these load torch
    from ser.features.spectral import LogMel  # noqa: PLC0415
    from ser.prepare import PreparedClip, prepare_batch  # noqa: PLC0415

    log_mel = LogMel(**job.features)
    paths = [job.folder / source.utterance.path for source in job.sources]
    outcomes = prepare_batch(
        paths, sample_rate=log_mel.sample_rate, trim=TrimSettings(**job.trimming)
    )
    changed = [
        (source, outcome)
        for source, outcome in zip(job.sources, outcomes, strict=True)
        if outcome.audio_sha256 not in source.known
    ]
    clips = [(s, o) for s, o in changed if isinstance(o, PreparedClip)]
    rejects = [(s, o) for s, o in changed if not isinstance(o, PreparedClip)]
    features = log_mel.compute([clip.waveform for _, clip in clips])
    tables = {
        "waveforms": waveform_rows(job.corpus, clips, log_mel.sample_rate),
        "features": feature_rows(job.corpus, clips, features, log_mel.feature_set),
    }
    return ShardOutcome(
        rows={
            "feature_sets": feature_set_row(log_mel),
            "clips": clip_rows(job.corpus, clips),
            "rejects": reject_rows(job.corpus, rejects),
        },
        shards=tuple(
            write_shard(job.data_path, name, table, s3=job.s3)
            for name, table in tables.items()
            if table.num_rows
        ),
        unchanged=len(outcomes) - len(changed),
        speech_s=float(np.sum([c.speech_end_s - c.speech_start_s for _, c in clips])),
        reasons=tuple(reject.reason for _, reject in rejects),
    )


def count_processes(wanted: int | None, batches: int) -> int:
    """Return how many worker processes pay for themselves.

    Args:
        wanted: The setting, or None for every core this process may use.
        batches: Batches of work; more processes than that would idle.

    Example:
        >>> count_processes(4, 2), count_processes(1, 9), count_processes(3, 0)
        (2, 1, 1)
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(wanted or cores or 1, batches))
