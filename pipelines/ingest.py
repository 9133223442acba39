"""Ingest: raw recordings become clips, waveforms and features in the warehouse.

Worker processes decode batches and write content-addressed shards; this process commits each
batch in order. A run killed anywhere leaves whole batches, and the next run makes the same ones.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.commits import CommitQueue, Tally
from pipelines.convert import corpus_row, feature_set_row, unrecognised_rows
from pipelines.duplicates import link_duplicates
from pipelines.errors import PipelineError
from pipelines.feature_choice import chosen_features
from pipelines.progress import Progress
from pipelines.readers import find_reader
from pipelines.runner import Row
from pipelines.sections import ComputeSettings
from pipelines.settings import Settings
from pipelines.shards import ShardJob, ShardOutcome, Source, prepare_shard
from pipelines.spread import count_processes, start_jobs, warm_up
from pipelines.survey import Survey, survey, survey_again
from pipelines.workspace import has_warehouse, open_store, s3_access
from ser.corpora.records import CorpusInfo, Scan, Unrecognised
from warehouse import Warehouse, queries

# Enough that a slow batch at the end does not leave the other cores idle for long.
BATCHES_PER_PROCESS = 4


@dataclass(frozen=True)
class IngestResult:
    """What one ingest did.

    Args:
        corpus: Corpus name.
        found: Files that belong to the corpus.
        added: New clips, and new revisions of changed files.
        unchanged: Files whose content was known already.
        rejected: Newly rejected files by reason code.
        flagged: New clips by warning flag.
        vanished: Files that were there at an earlier ingest and are gone.
        duplicates: Newly found pairs of clips with the same audio.
        speech_hours: Hours of trimmed speech added.
        snapshot: Snapshot after the last commit.
        seconds: Wall time.
    """

    corpus: str
    found: int
    added: int
    unchanged: int
    rejected: dict[str, int]
    flagged: dict[str, int]
    vanished: int
    duplicates: int
    speech_hours: float
    snapshot: int
    seconds: float

    def rows(self) -> Sequence[Row]:
        """Return one row per corpus."""
        return [
            {
                "corpus": self.corpus,
                "files": self.found,
                "added": self.added,
                "unchanged": self.unchanged,
                "vanished": self.vanished,
                "rejected": sum(self.rejected.values()),
                "reasons": _list_counts(self.rejected),
                "flags": _list_counts(self.flagged),
                "duplicates": self.duplicates,
                "speech_h": round(self.speech_hours, 3),
                "snapshot": self.snapshot,
                "seconds": round(self.seconds, 3),
            }
        ]


@dataclass(frozen=True, eq=False)
class Intake:
    """What one ingest has to take in.

    Args:
        info: The corpus.
        scan: Its files.
        survey: Which of them have to be looked into, and which are gone.
        reports: What the scan could not make sense of and no earlier ingest has reported.
    """

    info: CorpusInfo
    scan: Scan
    survey: Survey
    reports: Sequence[Unrecognised]


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
    warm_up(settings.compute)
    with ExitStack() as stack:
        store = stack.enter_context(open_store(settings)) if has_warehouse(settings) else None
        known = known_classes(store, reader.info.name, classes) if store else ()
        if known and known != reader.info.taxonomy.classes:
            reader = find_reader(corpus, root, name, known)
            scan = reader.scan(root)
        intake = plan_intake(store, reader.info, scan)
        outcomes = stack.enter_context(start_batches(settings, intake))
        # A new warehouse is made while the workers begin.
        lake = store or stack.enter_context(open_store(settings))
        tally = commit_batches(lake, settings, intake, outcomes, progress)
        linked = link_duplicates(lake)
        snapshot = lake.snapshot
    return IngestResult(
        corpus=intake.info.name,
        found=len(scan.utterances),
        added=tally.added,
        unchanged=intake.survey.unchanged + tally.unchanged,
        rejected=dict(tally.rejected),
        flagged=dict(tally.flagged),
        vanished=intake.survey.vanished.num_rows,
        duplicates=linked.exact + linked.near,
        speech_hours=tally.speech_s / 3600,
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


def plan_intake(store: Warehouse | None, info: CorpusInfo, scan: Scan) -> Intake:
    """Return what a scan has found and the warehouse does not know.

    Args:
        store: The warehouse; None while there is none.
        info: The corpus.
        scan: What its reader has found.
    """
    reports = new_reports(store, info.name, scan) if store else scan.unrecognised
    return Intake(info, scan, survey(store, info.name, scan), reports)


def start_batches(
    settings: Settings, intake: Intake
) -> AbstractContextManager[Iterator[ShardOutcome]]:
    """Set workers to prepare the files that have to be looked into, batch by batch.

    Args:
        settings: How audio is prepared, where shards go, and how much of this machine to use.
        intake: The files.

    Returns:
        A context manager that gives the outcomes in the scan's order.
    """
    files = intake.survey.changes.num_rows
    size = choose_batch_size(files, settings.compute)
    jobs = (
        make_job(settings, intake.info.name, intake.scan.folder, sources)
        for sources in intake.survey.batches(size)
    )
    return start_jobs(prepare_shard, jobs, settings.compute, count=-(-files // size))


def commit_batches(
    store: Warehouse,
    settings: Settings,
    intake: Intake,
    outcomes: Iterable[ShardOutcome],
    progress: Progress,
) -> Tally:
    """Commit batches as they come, before them what is known of the corpus without its audio.

    Args:
        store: The warehouse.
        settings: The feature set, how often to commit, and how a part of a batch is prepared again.
        intake: The corpus.
        outcomes: Its batches.
        progress: Where progress is shown.

    Returns:
        What was new.
    """
    queue = CommitQueue(
        store,
        {
            "corpora": corpus_row(intake.info),
            "feature_sets": feature_set_row(chosen_features(settings)),
            "rejects": unrecognised_rows(intake.info.name, intake.reports),
            "sources": intake.survey.vanished,
        },
        message=f"ingest {intake.info.name}",
        every_s=settings.compute.commit_s,
        prepare_rest=lambda outcome: prepare_rest(store, settings, outcome.job),
    )
    files = intake.survey.changes.num_rows
    with progress.track(f"ingest {intake.info.name}", files, "files") as advance:
        for outcome in outcomes:
            queue.add(outcome)
            advance(len(outcome.job.sources))
        queue.finish()
    queue.tally.rejected.update(report.reason for report in intake.reports)
    return queue.tally


def choose_batch_size(files: int, compute: ComputeSettings) -> int:
    """Return how many files a batch gets: as many as are set, or fewer to keep all cores busy.

    Args:
        files: Files to look into.
        compute: Processes, and the most files of a batch.

    Example:
        >>> compute = ComputeSettings(processes=2, batch_clips=256)
        >>> choose_batch_size(100_000, compute), choose_batch_size(180, compute)
        (256, 23)
    """
    processes = count_processes(compute.processes, files)
    return max(1, min(compute.batch_clips, -(-files // (BATCHES_PER_PROCESS * processes))))


def make_job(settings: Settings, corpus: str, folder: Path, sources: Sequence[Source]) -> ShardJob:
    """Return the job of one batch.

    Args:
        settings: How audio is prepared, and where shards go.
        corpus: Corpus name.
        folder: What the files' paths are relative to.
        sources: The files.
    """
    return ShardJob(
        corpus=corpus,
        folder=folder,
        sources=tuple(sources),
        data_path=settings.data_path,
        s3=s3_access(settings),
        features=chosen_features(settings).parameters,
        trimming=_rename(settings, {"trim_rise_db": "rise_db", "trim_padding_s": "padding_s"}),
        preparing=settings.audio.overrides("longest_clip_s", "vad"),
    )


def prepare_rest(store: Warehouse, settings: Settings, job: ShardJob) -> ShardOutcome:
    """Prepare again what is left of a batch after another run has taken in a part of it.

    Args:
        store: The warehouse.
        settings: How audio is prepared.
        job: The batch.
    """
    utterances = [source.utterance for source in job.sources]
    left = survey_again(store, job.corpus, job.folder, utterances)
    return prepare_shard(make_job(settings, job.corpus, job.folder, left))


def _rename(settings: Settings, names: Mapping[str, str]) -> dict[str, Any]:
    given = settings.audio.overrides(*names)
    return {names[key]: value for key, value in given.items()}


def _list_counts(counts: Mapping[str, int]) -> str | None:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or None
