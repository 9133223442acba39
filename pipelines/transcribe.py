"""Transcribe: the words of clips, by a recogniser or from a file."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from annotation.imports import QUARANTINE_SCHEMA
from pipelines.clipset import corpus_classes, corpus_clips
from pipelines.convert import to_table
from pipelines.errors import PipelineError
from pipelines.extract import Clip, cut_batches
from pipelines.progress import Progress
from pipelines.quarantine import examples_of, listed
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.spread import start_jobs
from pipelines.transcript_file import read_transcript_file
from pipelines.vote_tables import quarantine_rows
from pipelines.words import FILE
from pipelines.workspace import open_store, s3_access
from warehouse import S3Access, Shard, Warehouse, queries, write_shard

RECOGNISER = "recogniser"
# A recogniser takes a third of a second per clip: a kill loses half a minute.
BATCH_CLIPS = 64


@dataclass(frozen=True)
class TranscribeResult:
    """What is known of the words of a corpus now.

    Args:
        source: Who said so, as `transcripts` names it.
        corpus: The corpus.
        clips: Clips of the corpus.
        added: Clips of which something new is said.
        silent: Those of them in which no word is said.
        told: Those of them whose words were judged apart from the sound.
        snapshot: Snapshot after the last commit.
        seconds: Wall time.
        refused: Rows of the file that were not understood, by reason.
        examples: The first row refused for each reason, in words.
    """

    source: str
    corpus: str
    clips: int
    added: int
    silent: int
    told: int
    snapshot: int
    seconds: float
    refused: Mapping[str, int] = field(default_factory=dict)
    examples: tuple[str, ...] = ()

    def rows(self) -> Sequence[Row]:
        """Return one row per source."""
        return [
            {
                "source": self.source,
                "corpus": self.corpus,
                "clips": self.clips,
                "added": self.added,
                "silent": self.silent,
                "told": self.told,
                "quarantined": sum(self.refused.values()),
                "reasons": listed(self.refused),
                "snapshot": self.snapshot,
                "seconds": round(self.seconds, 1),
            }
        ]


@dataclass(frozen=True)
class TranscriptJob:
    """Clips of one batch with their samples, and what is to write down their words."""

    clip_ids: tuple[str, ...]
    revisions: tuple[int, ...]
    editions: tuple[int, ...]
    pcm16: tuple[bytes, ...]
    source: str
    model: str
    language: str
    data_path: str
    s3: S3Access | None

    @property
    def name(self) -> str:
        """What the batch is about, for an error to say."""
        return f"{self.clip_ids[0]} … {self.clip_ids[-1]}"


def transcribe(
    settings: Settings,
    progress: Progress,
    *,
    corpus: str,
    file: Path | None = None,
    model: str | None = None,
    language: str = "en",
) -> TranscribeResult:
    """Write down what is said in the clips of a corpus, by a recogniser or from a file.

    A recogniser hears the clips that it has said nothing of, batch by batch: a run that was killed
    goes on where it was. What a file says anew of a clip counts from then on; nothing is edited.

    Args:
        settings: Where the warehouse is, processes and size of a batch.
        progress: Where progress is shown.
        corpus: The corpus.
        file: Table of spans of recordings with their words, see `read_transcript_file`; None for a
            recogniser.
        model: Folder of a recogniser in CTranslate2's format; None for `tiny.en` of the extra
            `transcripts`.
        language: Tag of the language that is spoken.

    Returns:
        How many clips have new words, and which rows of the file were refused.

    Raises:
        NothingToDoError: If the corpus was not ingested.
        ConfigurationError: If there is no such recogniser, or the extra is not installed.
        PipelineError: If the file cannot be read, or a recogniser is named beside it.
    """
    started = time.monotonic()
    if file is not None and model is not None:
        raise PipelineError("words come from `file` or from the recogniser `model`; name one")
    with open_store(settings) as store:
        clips = corpus_clips(store, corpus)
        if file is not None:
            source, rows, refused = _import_file(store, progress, corpus, clips, file)
        else:
            source, rows = _recognise(store, settings, progress, corpus, (model, language))
            refused = quarantine_rows(QUARANTINE_SCHEMA.empty_table())
        snapshot = store.snapshot
    counts = refused["reason"].value_counts().to_pylist()
    return TranscribeResult(
        source=source,
        corpus=corpus,
        clips=clips.num_rows,
        added=len(rows),
        silent=sum(row["text"] is None for row in rows),
        told=sum(row.get("posterior") is not None for row in rows),
        snapshot=snapshot,
        seconds=time.monotonic() - started,
        refused={of["values"]: of["counts"] for of in counts},
        examples=tuple(examples_of(refused)),
    )


def write_transcripts(job: TranscriptJob) -> tuple[Shard, list[dict[str, Any]]]:
    """Hear a batch and write down its words, in whatever process this is.

    Args:
        job: The batch.

    Returns:
        The shard to commit, and what it says; nothing is visible before that commit.
    """
    from ser.text.recognition import load_transcriber, text_of  # noqa: PLC0415 - keeps help fast

    transcriber = load_transcriber(job.model, language=job.language)
    rows = [
        {
            "clip_id": clip_id,
            "revision": revision,
            "source": job.source,
            "edition": edition,
            "text": text_of(transcriber.transcribe(np.frombuffer(samples, "<i2"))),
        }
        for clip_id, revision, edition, samples in zip(
            job.clip_ids, job.revisions, job.editions, job.pcm16, strict=True
        )
    ]
    table = to_table("transcripts", rows)
    return write_shard(job.data_path, "transcripts", table, s3=job.s3), rows


def _import_file(
    store: Warehouse, progress: Progress, corpus: str, clips: pa.Table, file: Path
) -> tuple[str, list[dict[str, Any]], pa.Table]:
    source = f"{FILE}:{file.name}"
    _, classes = corpus_classes(store, corpus)
    known = _read_known(store, corpus, FILE)
    with progress.track("import words", 2, "steps") as advance:
        found = read_transcript_file(file, clips, classes, source)
        advance()
        rows = []
        for (clip_id, revision), said in found.rows.items():
            before = known.get(clip_id)
            # Words that were taken back are said to be none; what nobody said needs no row.
            now = dict(before or {}, **said)
            if now == before or (before is None and said["text"] is said["posterior"] is None):
                continue
            edition = 1 if before is None else before["edition"] + 1
            own = {"clip_id": clip_id, "revision": revision, "source": source, "edition": edition}
            rows.append({**own, **said})
        refused = quarantine_rows(found.refused)
        tables = {"transcripts": to_table("transcripts", rows), "quarantine": refused}
        store.commit(tables, message=f"words from {file.name}")
        advance()
    return source, rows, refused


def _recognise(
    store: Warehouse,
    settings: Settings,
    progress: Progress,
    corpus: str,
    recogniser: tuple[str | None, str],
) -> tuple[str, list[dict[str, Any]]]:
    from ser.text.recognition import (  # noqa: PLC0415 - keeps help fast
        TINY_EN,
        load_transcriber,
        name_transcriber,
    )

    model, language = recogniser[0] or TINY_EN, recogniser[1]
    # Before any work is spread: what is missing is named once.
    load_transcriber(model, language=language)
    source = f"{RECOGNISER}:{name_transcriber(model, language=language)}"
    rows: list[dict[str, Any]] = []
    # One snapshot for all reads, as `extract` needs it.
    with open_store(settings, snapshot=store.snapshot) as past:
        lacking = _list_lacking(past, corpus, source)
        known = _read_known(past, corpus, RECOGNISER)
        editions = {clip_id: row["edition"] for clip_id, row in known.items()}
        batches = cut_batches(lacking, min(settings.compute.batch_clips, BATCH_CLIPS))
        jobs = (
            _read_job(past, settings, batch, editions, (source, model, language))
            for batch in batches
        )
        work = start_jobs(write_transcripts, jobs, settings.compute, count=len(batches))
        tracked = progress.track("write down words", len(lacking), "clips")
        with work as outcomes, tracked as advance:
            for shard, said in outcomes:
                store.commit({}, shards=[shard], message=f"words by {source}")
                rows += said
                advance(shard.rows)
    return source, rows


def _list_lacking(store: Warehouse, corpus: str, source: str) -> list[Clip]:
    """Return the clips that a source has said nothing of, with the bytes of their samples."""
    said = queries.select_transcripts(store, corpus=corpus).to_pylist()
    known = {row["clip_id"] for row in said if row["source"] == source}
    rows = queries.select_clips(store, corpus=corpus).to_pylist()
    return [
        (
            row["clip_id"],
            row["revision"],
            round(2 * 16000 * (row["speech_end_s"] - row["speech_start_s"])),
        )
        for row in rows
        if row["clip_id"] not in known
    ]


def _read_known(store: Warehouse, corpus: str, kind: str) -> dict[str, dict[str, Any]]:
    """Return what was said last of each clip by one kind of source."""
    said = queries.select_transcripts(store, corpus=corpus).to_pylist()
    return {row["clip_id"]: row for row in said if row["source"].startswith(f"{kind}:")}


def _read_job(
    store: Warehouse,
    settings: Settings,
    batch: Sequence[Clip],
    editions: Mapping[str, int],
    recogniser: tuple[str, str, str],
) -> TranscriptJob:
    from ser.text.recognition import SAMPLE_RATE  # noqa: PLC0415 - keeps help fast

    table = queries.select_waveforms(store, [clip_id for clip_id, _, _ in batch])
    clip_ids = table["clip_id"].to_pylist()
    missing = sorted({clip_id for clip_id, _, _ in batch} - set(clip_ids))
    if missing:
        raise PipelineError(f"clips such as `{missing[0]}` have no waveform; ingest them again")
    rates = set(table["sample_rate"].to_pylist())
    if rates != {SAMPLE_RATE}:
        raise PipelineError(
            f"the recogniser hears {SAMPLE_RATE} Hz, but the waveforms have {sorted(rates)} Hz"
        )
    revision_of = {clip_id: revision for clip_id, revision, _ in batch}
    source, model, language = recogniser
    return TranscriptJob(
        clip_ids=tuple(clip_ids),
        revisions=tuple(revision_of[clip_id] for clip_id in clip_ids),
        editions=tuple(editions.get(clip_id, 0) + 1 for clip_id in clip_ids),
        pcm16=tuple(table["pcm16"].to_pylist()),
        source=source,
        model=model,
        language=language,
        data_path=settings.data_path,
        s3=s3_access(settings),
    )
