"""Collect: answers from Label Studio become votes in the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from annotation.imports import ImportedExport
from annotation.label_studio import Withdrawal, supersede, withdraw
from pipelines.errors import PipelineError
from pipelines.labelling import interface_choices
from pipelines.progress import Progress
from pipelines.publishing.project import read_items
from pipelines.quarantine import examples_of, listed
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.vote_context import Told, read_known
from pipelines.vote_tables import quarantine_rows, read_export
from pipelines.workspace import open_store
from warehouse import Warehouse, queries


@dataclass(frozen=True)
class CollectResult:
    """What one collection brought.

    Args:
        source: The export.
        votes: Answers in it that are votes.
        abstentions: Skips, and answers that decline to decide.
        quarantined: Answers that cannot be believed, by reason.
        retracted: Answers withdrawn because a complete export lacks them.
        newer: Answers a complete export lacks because they were given after it was made; they
            stand.
        added: Ledger rows that were new, retractions among them.
        snapshot: Snapshot afterwards.
        examples: The first answer refused for each reason, in words.
    """

    source: str
    votes: int
    abstentions: int
    quarantined: Mapping[str, int]
    retracted: int
    newer: int
    added: int
    snapshot: int
    examples: tuple[str, ...] = ()

    def rows(self) -> Sequence[Row]:
        """Return one row per collection."""
        return [
            {
                "source": self.source,
                "votes": self.votes,
                "abstentions": self.abstentions,
                "quarantined": sum(self.quarantined.values()),
                "reasons": listed(self.quarantined),
                "retracted": self.retracted,
                "newer": self.newer,
                "added": self.added,
                "snapshot": self.snapshot,
            }
        ]


def collect(
    settings: Settings,
    progress: Progress,  # noqa: ARG001 - one read and one commit: nothing to show in between
    *,
    source: Path,
    corpus: str,
    project: str,
    full: bool = False,
) -> CollectResult:
    """Read a Label Studio JSON export into the ledger; reading it again changes nothing.

    An edited annotation becomes a new vote that supersedes the old one, and one that was skipped
    since a row without a label. An annotation that the export lacks stands, since exports may be
    partial; of one that is said to be complete, it is retracted. Answers that cannot be believed
    are filed under `quarantine` with the reason.

    Args:
        settings: Where the warehouse is, and what the interface asked.
        progress: Where progress is shown.
        source: The export.
        corpus: Corpus whose classes the interface offered.
        project: Name or id of the Label Studio project: what tells its annotations from others'.
        full: Whether the export holds every annotation the project has.

    Returns:
        How many answers were votes, and how many were new.

    Raises:
        PipelineError: If the file is no JSON export, or one said to be complete has no task.
    """
    told = Told(corpus=corpus, project=project)
    with open_store(settings) as store:
        items = read_items(store, project)
        found = read_export(source, told, read_known(store), interface_choices(settings), items)
        gone = _withdraw(store, found, source, project) if full else None
        answers = answer_rows(store, found, is_full=full)
        retractions = [gone.retractions] if gone else []
        commit = store.commit(
            {
                "votes": pa.concat_tables([answers, *retractions]),
                "remarks": found.remarks,
                "quarantine": quarantine_rows(found.quarantined),
            },
            message=f"collect {source.name}",
        )
    abstentions = found.votes["label"].null_count
    return CollectResult(
        source=source.name,
        votes=found.votes.num_rows - abstentions,
        abstentions=abstentions,
        quarantined=dict(found.reason_counts()),
        retracted=gone.retractions.num_rows if gone else 0,
        newer=gone.newer if gone else 0,
        added=commit.inserted.get("votes", 0),
        snapshot=commit.snapshot,
        examples=tuple(examples_of(found.quarantined)),
    )


def answer_rows(store: Warehouse, found: ImportedExport, *, is_full: bool = False) -> pa.Table:
    """Return the ledger rows that an export adds: new answers, and changed minds.

    Args:
        store: The warehouse.
        found: The export.
        is_full: Whether it is said to be complete.
    """
    ledger = queries.select_ledger(store, clip_ids=found.votes["clip_id"].to_pylist())
    return supersede(found.votes, ledger, seen_at=found.seen_at, is_full=is_full)


def _withdraw(store: Warehouse, found: ImportedExport, source: Path, project: str) -> Withdrawal:
    if found.seen_at is None:
        raise PipelineError(
            f"`{source}` holds no task, so that --full would withdraw every answer of the project "
            f"`{project}`; leave --full out, or export again with all tasks"
        )
    return withdraw(
        queries.select_ledger(store), found.references, project=project, seen_at=found.seen_at
    )
