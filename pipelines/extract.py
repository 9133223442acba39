"""Extract: features of clips that lack them, from the waveforms the warehouse has.

This process reads waveforms batch by batch, workers compute and write shards, and each batch is
committed in order: a run killed anywhere leaves whole batches, and the next run does the rest.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipelines.convert import feature_rows, feature_set_row
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.feature_choice import chosen_features
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.spread import start_jobs
from pipelines.workspace import open_store, s3_access
from warehouse import S3Access, Shard, Warehouse, queries, write_shard

if TYPE_CHECKING:
    from ser.features.record import FeatureSet, Parameter

BATCH_BYTES = 32 << 20  # of samples: a batch of long clips must fit into memory several times
Clip = tuple[str, int, int]  # clip id, revision, bytes of samples


@dataclass(frozen=True)
class ExtractResult:
    """What one extraction did.

    Args:
        feature_set: The features.
        corpus: The corpus, or None for all.
        clips: Clips there are.
        added: Clips that lacked the features.
        snapshot: Snapshot after the last commit.
        seconds: Wall time.
    """

    feature_set: str
    corpus: str | None
    clips: int
    added: int
    snapshot: int
    seconds: float

    def rows(self) -> Sequence[Row]:
        """Return one row per feature set."""
        return [
            {
                "feature_set": self.feature_set,
                "corpus": self.corpus or "all",
                "clips": self.clips,
                "added": self.added,
                "unchanged": self.clips - self.added,
                "snapshot": self.snapshot,
                "seconds": round(self.seconds, 1),
            }
        ]


@dataclass(frozen=True)
class FeatureJob:
    """Clips of one batch with their samples, and what to compute of them."""

    clip_ids: tuple[str, ...]
    revisions: tuple[int, ...]
    pcm16: tuple[bytes, ...]
    parameters: "Mapping[str, Parameter]"
    data_path: str
    s3: S3Access | None


def extract(
    settings: Settings,
    progress: Progress,
    *,
    kind: str | None = None,
    corpus: str | None = None,
    parameters: dict[str, int | float] | None = None,
) -> ExtractResult:
    """Compute features for every clip that lacks them; what is there already costs nothing.

    Args:
        settings: Where the warehouse is, feature settings, processes and size of a batch.
        progress: Where progress is shown.
        kind: A key of `ser.features.registry.KINDS`; default: what the settings train on.
        corpus: Only clips of this corpus; default: of all.
        parameters: Parameters of that kind that override the settings.

    Returns:
        How many clips got features.

    Raises:
        ConfigurationError: If the kind or a parameter is unknown, or its library is missing.
        NothingToDoError: If there is no clip.
        PipelineError: If the waveforms have another sample rate than the features need.
    """
    started = time.monotonic()
    features = chosen_features(settings, kind, **(parameters or {}))
    with open_store(settings) as store:
        # One snapshot for all reads, or a clip that is ingested meanwhile could lend its samples
        # to an older revision.
        with open_store(settings, snapshot=store.snapshot) as past:
            clips = _count_clips(past, corpus)
            lacking = _list_lacking(past, corpus, features)
            batches = cut_batches(lacking, settings.compute.batch_clips)
            jobs = (_read_job(past, settings, features, batch) for batch in batches)
            work = start_jobs(write_features, jobs, settings.compute, count=len(batches))
            tracked = progress.track("compute features", len(lacking), "clips")
            with work as outcomes, tracked as advance:
                for shard in outcomes:
                    store.commit(
                        {"feature_sets": feature_set_row(features)},
                        shards=[shard],
                        message=f"compute {features.feature_set}",
                    )
                    advance(shard.rows)
        snapshot = store.snapshot
    return ExtractResult(
        feature_set=features.feature_set,
        corpus=corpus,
        clips=clips,
        added=len(lacking),
        snapshot=snapshot,
        seconds=time.monotonic() - started,
    )


def cut_batches(clips: Sequence[Clip], batch_clips: int) -> list[list[Clip]]:
    """Cut clips into batches of bounded number and size, in order, so that a resumed run agrees.

    Args:
        clips: The clips.
        batch_clips: Most clips in a batch.

    Example:
        >>> clips = [("a", 1, 20 << 20), ("b", 1, 20 << 20), ("c", 1, 10)]
        >>> [[clip_id for clip_id, _, _ in batch] for batch in cut_batches(clips, 10)]
        [['a'], ['b', 'c']]
    """
    batches: list[list[Clip]] = []
    held = 0
    for clip in clips:
        is_full = not batches or len(batches[-1]) == batch_clips or held + clip[2] > BATCH_BYTES
        if is_full:
            batches.append([])
            held = 0
        batches[-1].append(clip)
        held += clip[2]
    return batches


def write_features(job: FeatureJob) -> Shard:
    """Compute the features of a batch and write them, in whatever process this is.

    Args:
        job: The batch.

    Returns:
        The shard to commit; nothing is visible before that commit.
    """
    from ser.features.registry import rebuild_features  # noqa: PLC0415 - keeps help fast

    features = rebuild_features(job.parameters)
    waveforms = [np.frombuffer(samples, "<i2") for samples in job.pcm16]
    rows = feature_rows(
        job.clip_ids, job.revisions, features.compute(waveforms), features.feature_set
    )
    return write_shard(job.data_path, "features", rows, s3=job.s3)


def _count_clips(store: Warehouse, corpus: str | None) -> int:
    totals = queries.summarise_corpora(store).to_pylist()
    clips = sum(row["clips"] for row in totals if corpus in (None, row["corpus"]))
    if not clips:
        where = f"corpus `{corpus}` has" if corpus else "the warehouse has"
        raise NothingToDoError(f"{where} no clips to compute features of; ingest some first")
    return int(clips)


def _list_lacking(store: Warehouse, corpus: str | None, features: "FeatureSet") -> list[Clip]:
    table = queries.select_clips_without_features(store, features.feature_set, corpus=corpus)
    columns = (table[name].to_pylist() for name in ("clip_id", "revision", "speech_s"))
    return [
        (clip_id, revision, round(2 * features.sample_rate * speech_s))
        for clip_id, revision, speech_s in zip(*columns, strict=True)
    ]


def _read_job(
    store: Warehouse, settings: Settings, features: "FeatureSet", batch: Sequence[Clip]
) -> FeatureJob:
    table = queries.select_waveforms(store, [clip_id for clip_id, _, _ in batch])
    clip_ids = table["clip_id"].to_pylist()
    missing = sorted({clip_id for clip_id, _, _ in batch} - set(clip_ids))
    if missing:
        raise PipelineError(f"clips such as `{missing[0]}` have no waveform; ingest them again")
    rates = set(table["sample_rate"].to_pylist())
    if rates != {features.sample_rate}:
        raise PipelineError(
            f"`sample_rate` of the features is {features.sample_rate} Hz, but the waveforms have "
            f"{sorted(rates)} Hz; use the rate of the waveforms"
        )
    revision_of = {clip_id: revision for clip_id, revision, _ in batch}
    return FeatureJob(
        clip_ids=tuple(clip_ids),
        revisions=tuple(revision_of[clip_id] for clip_id in clip_ids),
        pcm16=tuple(table["pcm16"].to_pylist()),
        parameters=features.parameters,
        data_path=settings.data_path,
        s3=s3_access(settings),
    )
