"""Ingest: raw recordings become clips, waveforms and features in the warehouse.

Worker processes decode batches and write content-addressed shards; this process commits each
batch in order. A run killed anywhere leaves whole batches, and the next run makes the same ones.
"""

import multiprocessing
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.convert import corpus_row, unrecognised_rows
from pipelines.errors import PipelineError
from pipelines.progress import Advance, Progress
from pipelines.readers import find_reader
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.shards import (
    ShardJob,
    ShardOutcome,
    Source,
    count_processes,
    prepare_shard,
    start_process,
)
from pipelines.workspace import open_store, s3_access
from ser.corpora.records import Scan, Unrecognised
from warehouse import Warehouse, queries


@dataclass(frozen=True)
class IngestResult:
    """What one ingest did.

    Args:
        corpus: Corpus name.
        found: Files that belong to the corpus.
        added: New clips, and new revisions of changed files.
        unchanged: Files whose content was known already.
        rejected: Newly rejected files by reason code.
        speech_hours: Hours of trimmed speech added.
        snapshot: Snapshot after the last commit.
        seconds: Wall time.
    """

    corpus: str
    found: int
    added: int
    unchanged: int
    rejected: dict[str, int]
    speech_hours: float
    snapshot: int
    seconds: float

    def rows(self) -> Sequence[Row]:
        """Return one row per corpus."""
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(self.rejected.items()))
        return [
            {
                "corpus": self.corpus,
                "files": self.found,
                "added": self.added,
                "unchanged": self.unchanged,
                "rejected": sum(self.rejected.values()),
                "reasons": reasons or None,
                "speech_h": round(self.speech_hours, 3),
                "snapshot": self.snapshot,
                "seconds": round(self.seconds, 1),
            }
        ]


def ingest(
    settings: Settings,
    progress: Progress,
    *,
    corpus: str,
    root: Path,
    name: str | None = None,
    classes: tuple[str, ...] = (),
) -> IngestResult:
    """Bring a corpus folder into the warehouse; what is there already costs nothing.

    Args:
        settings: Where the warehouse is, and how audio is prepared.
        progress: Where progress is shown.
        corpus: A name that `serloop corpora` lists.
        root: Folder (or manifest file) of the corpus.
        name: Name of your own corpus, for `manifest` and `folder`.
        classes: Classes of your own corpus, in order; default: those its labels name. The first
            ingest fixes them: a later row with another label is rejected.

    Returns:
        What was found, added and rejected.

    Raises:
        CorpusError: If the folder is not what the corpus needs.
        WarehouseError: If the warehouse cannot be opened or written.
    """
    started = time.monotonic()
    reader = find_reader(corpus, root, name, classes)
    scan = reader.scan(root)
    with open_store(settings) as store:
        known = known_classes(store, reader.info.name, classes)
        if known and known != reader.info.taxonomy.classes:
            reader = find_reader(corpus, root, name, known)
            scan = reader.scan(root)
        sources, unchanged = list_new_sources(store, reader.info.name, scan)
        odd = new_reports(store, reader.info.name, scan)
        # What it is comes first: a batch must never name a corpus that is unknown.
        store.commit(
            {
                "corpora": corpus_row(reader.info),
                "rejects": unrecognised_rows(reader.info.name, odd),
            },
            message=f"ingest {reader.info.name}: what it is",
        )
        jobs = plan_jobs(settings, reader.info.name, scan.folder, sources)
        with progress.track(f"ingest {reader.info.name}", len(sources), "clips") as advance:
            outcomes = [
                commit_outcome(store, reader.info.name, outcome, advance)
                for outcome in run_jobs(jobs, settings)
            ]
        snapshot = store.snapshot
    rejected = Counter(report.reason for report in odd)
    rejected.update(reason for outcome in outcomes for reason in outcome.reasons)
    return IngestResult(
        corpus=reader.info.name,
        found=len(scan.utterances),
        added=sum(outcome.rows["clips"].num_rows for outcome in outcomes),
        unchanged=unchanged + sum(outcome.unchanged for outcome in outcomes),
        rejected=dict(rejected),
        speech_hours=sum(outcome.speech_s for outcome in outcomes) / 3600,
        snapshot=snapshot,
        seconds=time.monotonic() - started,
    )


def known_classes(store: Warehouse, corpus: str, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the classes the first ingest of a corpus fixed; empty before it, or with none.

    Args:
        store: The warehouse.
        corpus: Corpus name.
        wanted: Classes asked for now.

    Raises:
        PipelineError: If other classes are asked for: every posterior is in their order.
    """
    rows = [row for row in queries.select_corpora(store).to_pylist() if row["corpus"] == corpus]
    known = tuple(rows[0]["classes"]) if rows else ()
    if rows and wanted and tuple(wanted) != known:
        raise PipelineError(
            f"corpus `{corpus}` has the classes {', '.join(known) or 'none'} since its first "
            f"ingest, got {', '.join(wanted)}; leave --classes out, or give another --name"
        )
    return known


def new_reports(store: Warehouse, corpus: str, scan: Scan) -> list[Unrecognised]:
    """Return what the scan could not make sense of and no earlier ingest has reported."""
    known = {row["path"] for row in queries.select_rejects(store, corpus=corpus).to_pylist()}
    return [report for report in scan.unrecognised if report.path not in known]


def list_new_sources(store: Warehouse, corpus: str, scan: Scan) -> tuple[list[Source], int]:
    """Tell files that need work from files whose size and time are known.

    Args:
        store: The warehouse.
        corpus: Corpus name.
        scan: The files there are.

    Returns:
        The files to look into, in native-id order, and the number of files left alone.
    """
    known = _index_sources(queries.select_sources(store, corpus).to_pylist())
    sources = []
    for utterance in scan.utterances:
        path = str(utterance.path)
        before = known[f"{corpus}/{utterance.native_id}"] + known[path]
        size, mtime_ns = _stat(scan.folder / utterance.path)
        if (path, size, mtime_ns) in map(_identity, before):
            continue
        revision = 1 + max((row["revision"] or 0 for row in before), default=0)
        contents = frozenset(row["audio_sha256"] for row in before)
        sources.append(Source(utterance, size, mtime_ns, contents, revision))
    return sources, len(scan.utterances) - len(sources)


def plan_jobs(
    settings: Settings, corpus: str, folder: Path, sources: Sequence[Source]
) -> list[ShardJob]:
    """Cut the files into batches, in order, so that a resumed run cuts them alike."""
    size = settings.compute.batch_clips
    return [
        ShardJob(
            corpus=corpus,
            folder=folder,
            sources=tuple(sources[start : start + size]),
            data_path=settings.data_path,
            s3=s3_access(settings),
            features=settings.audio.overrides("hop"),
            trimming=_trimming(settings),
        )
        for start in range(0, len(sources), size)
    ]


def run_jobs(jobs: Sequence[ShardJob], settings: Settings) -> Iterator[ShardOutcome]:
    """Yield the outcome of each batch in order, from as many processes as help."""
    threads = settings.compute.threads
    processes = count_processes(settings.compute.processes, len(jobs))
    if processes == 1:
        if jobs:
            start_process(threads)
        yield from map(prepare_shard, jobs)
        return
    # Forked children would inherit DuckDB's threads in an unknown state.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["ser.prepare", "pipelines.shards"])
    with ProcessPoolExecutor(
        processes, mp_context=context, initializer=start_process, initargs=(threads,)
    ) as pool:
        yield from pool.map(prepare_shard, jobs)


def commit_outcome(
    store: Warehouse, corpus: str, outcome: ShardOutcome, advance: Advance
) -> ShardOutcome:
    """Make one batch visible, whole."""
    rows: dict[str, pa.Table] = dict(outcome.rows)
    store.commit(rows, shards=outcome.shards, message=f"ingest {corpus}")
    advance(rows["clips"].num_rows + len(outcome.reasons) + outcome.unchanged)
    return outcome


def _index_sources(rows: Sequence[dict[str, Any]]) -> defaultdict[str, list[dict[str, Any]]]:
    """Index known files by clip id, and refused contents by path: they have no clip."""
    index = defaultdict(list)
    for row in rows:
        index[row["clip_id"] or row["path"]].append(row)
    return index


def _identity(row: dict[str, Any]) -> tuple[str, int, int]:
    return row["path"], row["source_bytes"], row["source_mtime_ns"]


def _stat(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        # A dangling link or an unreadable folder: decoding meets it again and says why.
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _trimming(settings: Settings) -> dict[str, float]:
    names = {"trim_rise_db": "rise_db", "trim_padding_s": "padding_s"}
    given = settings.audio.overrides(*names)
    return {names[key]: value for key, value in given.items()}
