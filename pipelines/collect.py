"""Collect: answers from Label Studio become votes in the ledger."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from annotation.label_studio import parse_export, supersede
from pipelines.clipset import corpus_classes
from pipelines.convert import quarantine_rows
from pipelines.errors import PipelineError
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
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
        added: Ledger rows that were new.
        snapshot: Snapshot afterwards.
    """

    source: str
    votes: int
    abstentions: int
    quarantined: dict[str, int]
    added: int
    snapshot: int

    def rows(self) -> Sequence[Row]:
        """Return one row per collection."""
        reasons = ", ".join(f"{count} {name}" for name, count in sorted(self.quarantined.items()))
        return [
            {
                "source": self.source,
                "votes": self.votes,
                "abstentions": self.abstentions,
                "quarantined": sum(self.quarantined.values()),
                "reasons": reasons or None,
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
) -> CollectResult:
    """Read a Label Studio JSON export into the ledger; reading it again changes nothing.

    An edited annotation becomes a new vote that supersedes the old one. Answers that cannot be
    believed are filed under `rejects` with the reason.

    Args:
        settings: Where the warehouse is.
        progress: Where progress is shown.
        source: The export.
        corpus: Corpus whose classes the interface offered.
        project: Name or id of the Label Studio project: what tells its annotations from others'.

    Returns:
        How many answers were votes, and how many were new.

    Raises:
        PipelineError: If the file is no JSON export.
    """
    tasks = _read_export(source)
    with open_store(settings) as store:
        taxonomy, classes = corpus_classes(store, corpus)
        known = queries.select_clips(store, corpus=corpus)["clip_id"].to_pylist()
        parsed = parse_export(
            tasks, project=project, classes=classes, taxonomy=taxonomy, known_clips=known
        )
        commit = store.commit(
            {
                "votes": _ledger_rows(store, parsed.votes, parsed.abstentions),
                "rejects": quarantine_rows(corpus, parsed.quarantined),
            },
            message=f"collect {source.name}",
        )
    return CollectResult(
        source=source.name,
        votes=parsed.votes.num_rows,
        abstentions=parsed.abstentions.num_rows,
        quarantined=dict(Counter(parsed.quarantined["reason"].to_pylist())),
        added=commit.inserted.get("votes", 0),
        snapshot=commit.snapshot,
    )


def _read_export(source: Path) -> list[dict[str, object]]:
    try:
        tasks = json.loads(source.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PipelineError(f"no export at `{source}`; export the project as JSON first") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise PipelineError(
            f"`{source}` is not JSON ({error}); export the project with the format JSON"
        ) from error
    if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
        raise PipelineError(
            f"`{source}` must hold a list of tasks, as Label Studio's JSON export does, got "
            f"{type(tasks).__name__}"
        )
    return tasks


def _ledger_rows(store: Warehouse, votes: pa.Table, abstentions: pa.Table) -> pa.Table:
    """Return the rows to append: a changed mind supersedes, and may be an abstention."""
    answers = pa.concat_tables([votes, abstentions.select(votes.column_names)])
    ledger = queries.select_effective_votes(store, clip_ids=answers["clip_id"].to_pylist())
    return supersede(answers, ledger)
