"""What one worker process does: decode a batch of files and write its shards."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa

from pipelines.convert import clip_rows, feature_rows, reject_rows, source_rows, waveform_rows
from ser.corpora.records import Utterance
from warehouse import TABLES, S3Access, Shard, write_shard

if TYPE_CHECKING:
    from ser.features.record import FeatureSet
    from ser.prepare import PreparedClip, Rejected, Unchanged

# Clips are held back until they are worth a file, and never more than fit any machine.
SHARD_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """One file to look into.

    Args:
        utterance: What its name says.
        size: Bytes on disk.
        mtime_ns: Modification time, nanoseconds.
        known: Hashes of the contents the warehouse has of it, taken in or refused.
        observation: Number its row of `sources` gets.
        revision: Revision its clips get if the content is new.
        is_known: Whether the file, or a clip of its native id, was there before.
    """

    utterance: Utterance
    size: int
    mtime_ns: int
    known: tuple[str, ...]
    observation: int
    revision: int
    is_known: bool


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
    preparing: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What the batch is about, for an error to say."""
        ids = [source.utterance.native_id for source in self.sources]
        return f"{self.corpus}: {ids[0]} … {ids[-1]}" if ids else self.corpus


@dataclass(frozen=True)
class ShardOutcome:
    """Rows to commit, and the shards that go with them.

    Args:
        job: The batch.
        rows: Small tables by name: `clips`, `sources` and `rejects`.
        shards: Registered together with the rows.
        unchanged: Files whose content proved to be what the warehouse has already.
        reasons: Reason code of each rejected file.
    """

    job: ShardJob
    rows: Mapping[str, pa.Table]
    shards: tuple[Shard, ...]
    unchanged: int
    reasons: tuple[str, ...]


class ShardWriter:
    """Sort what files turned out to hold, and write their clips as shards of a bounded size.

    Args:
        job: The batch.
        features: What is computed of each clip.
    """

    def __init__(self, job: ShardJob, features: "FeatureSet") -> None:
        self._job = job
        self._features = features
        self._held: list[tuple[Source, PreparedClip]] = []
        self._held_bytes = 0
        self._clips: list[pa.Table] = [TABLES["clips"].empty()]
        self._shards: list[Shard] = []
        self._contents: list[tuple[Source, str]] = []
        self._rejects: list[tuple[Source, Rejected]] = []
        self._unchanged = 0

    def take(self, source: Source, found: "Iterator[PreparedClip] | Rejected | Unchanged") -> None:
        """Take what one file turned out to hold.

        Args:
            source: The file.
            found: What `ser.prepare.prepare` made of it.
        """
        if not isinstance(found, Iterator):
            if found.audio_sha256 in source.known:
                self._unchanged += 1
            else:
                self._rejects.append((source, cast("Rejected", found)))
            sha256 = found.audio_sha256
        else:
            for clip in found:
                self._add(source, clip)
                sha256 = clip.audio_sha256
        # A file that could not be read is looked at again: its time tells nothing.
        if sha256:
            self._contents.append((source, sha256))

    def finish(self) -> ShardOutcome:
        """Write what is held back, and return all that is to be committed."""
        self._flush()
        corpus = self._job.corpus
        return ShardOutcome(
            job=self._job,
            rows={
                "clips": pa.concat_tables(self._clips),
                "sources": source_rows(corpus, self._contents),
                "rejects": reject_rows(corpus, self._rejects),
            },
            shards=tuple(self._shards),
            unchanged=self._unchanged,
            reasons=tuple(reject.reason for _, reject in self._rejects),
        )

    def _add(self, source: Source, clip: "PreparedClip") -> None:
        self._held.append((source, clip))
        self._held_bytes += clip.waveform.nbytes
        if self._held_bytes >= SHARD_BYTES:
            self._flush()

    def _flush(self) -> None:
        from ser.audio.fingerprint import fingerprint  # noqa: PLC0415 - a run without work needs none

        if not self._held:
            return
        job, held, features = self._job, self._held, self._features
        self._held, self._held_bytes = [], 0
        clips = clip_rows(job.corpus, held)
        self._clips.append(clips)
        waveforms = [clip.waveform for _, clip in held]
        fingerprints = [fingerprint(waveform, features.sample_rate) for waveform in waveforms]
        tables = {
            "waveforms": waveform_rows(held, clips["clip_id"], fingerprints),
            "features": feature_rows(
                clips["clip_id"],
                clips["revision"],
                features.compute(waveforms),
                features.feature_set,
            ),
        }
        self._shards += [
            write_shard(job.data_path, name, table, s3=job.s3) for name, table in tables.items()
        ]


def prepare_shard(job: ShardJob) -> ShardOutcome:
    """Decode, trim and describe a batch of files, and write its waveforms and features.

    Args:
        job: The batch.

    Returns:
        The rows and shards to commit; nothing is visible before that commit.

    Raises:
        Exception: Whatever stopped it, with a note that names the batch.
    """
    from ser.audio.segment import TrimSettings  # noqa: PLC0415 - a run without work needs no audio
    from ser.features.registry import rebuild_features  # noqa: PLC0415
    from ser.prepare import prepare  # noqa: PLC0415

    features = rebuild_features(job.features)
    trim = TrimSettings(**job.trimming)
    writer = ShardWriter(job, features)
    try:
        for source in job.sources:
            found = prepare(
                job.folder / source.utterance.path,
                sample_rate=features.sample_rate,
                trim=trim,
                known=source.known,
                **job.preparing,
            )
            writer.take(source, found)
        return writer.finish()
    except Exception as error:
        error.add_note(f"in the batch {job.name}")
        raise
