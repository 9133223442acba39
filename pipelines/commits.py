"""Commit prepared batches, a few seconds' worth at a time, and count what was new."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from pipelines.shards import ShardOutcome
from warehouse import KeyConflictError, Warehouse

MOST_BATCHES = 64  # bounds the rows held back when batches are quick


@dataclass
class Tally:
    """Counts over the batches of one ingest; the batches themselves are not kept.

    Args:
        added: New clips.
        unchanged: Files whose content was known, or was taken in by another run meanwhile.
        speech_s: Seconds of speech in new clips.
        rejected: Newly rejected files by reason.
        flagged: New clips by flag.
    """

    added: int = 0
    unchanged: int = 0
    speech_s: float = 0.0
    rejected: Counter[str] = field(default_factory=Counter)
    flagged: Counter[str] = field(default_factory=Counter)

    def count(self, outcome: ShardOutcome) -> None:
        """Count one batch.

        Args:
            outcome: The batch.
        """
        clips = outcome.rows["clips"]
        self.unchanged += outcome.unchanged
        self.rejected.update(outcome.reasons)
        self.flagged.update(clips["flags"].combine_chunks().flatten().to_pylist())
        starts, ends = clips["speech_start_s"].to_numpy(), clips["speech_end_s"].to_numpy()
        self.speech_s += float((ends - starts).sum())


class CommitQueue:
    """Hold batches back until they are worth a commit; each becomes visible whole.

    A commit costs about as much as preparing a hundred clips, and a kill loses what is held back.

    Args:
        store: The warehouse.
        header: Rows that go before the first batch, or alone when there is none.
        message: What the snapshots say.
        every_s: Seconds between commits; 0 commits each batch.
        prepare_rest: Prepares what is left of a batch of which another run has taken in a part.
    """

    def __init__(
        self,
        store: Warehouse,
        header: Mapping[str, pa.Table],
        *,
        message: str,
        every_s: float,
        prepare_rest: Callable[[ShardOutcome], ShardOutcome],
    ) -> None:
        self.tally = Tally()
        self._store = store
        self._header = header
        self._message = message
        self._every_s = every_s
        self._prepare_rest = prepare_rest
        self._held: list[ShardOutcome] = []
        self._last = time.monotonic()

    def add(self, outcome: ShardOutcome) -> None:
        """Take a batch, and commit what is held when it is time.

        Args:
            outcome: The batch.
        """
        self._held.append(outcome)
        is_due = time.monotonic() - self._last >= self._every_s
        if is_due or len(self._held) == MOST_BATCHES:
            self.finish()

    def finish(self) -> None:
        """Commit what is held.

        Raises:
            WarehouseError: If the warehouse cannot be written.
        """
        held, self._held = self._held, []
        try:
            self._commit(held)
        except KeyConflictError:
            self._commit([])
            for outcome in held:
                self._commit_alone(outcome)
        self._last = time.monotonic()

    def _commit_alone(self, outcome: ShardOutcome) -> None:
        try:
            self._commit([outcome])
        except KeyConflictError:
            rest = self._prepare_rest(outcome)
            if rest.job == outcome.job:
                raise
            self.tally.unchanged += len(outcome.job.sources) - len(rest.job.sources)
            self._commit_alone(rest)

    def _commit(self, outcomes: Sequence[ShardOutcome]) -> None:
        tables: dict[str, list[pa.Table]] = {name: [rows] for name, rows in self._header.items()}
        for outcome in outcomes:
            for name, rows in outcome.rows.items():
                tables.setdefault(name, []).append(rows)
        commit = self._store.commit(
            {name: pa.concat_tables(parts) for name, parts in tables.items()},
            shards=[shard for outcome in outcomes for shard in outcome.shards],
            message=self._message,
        )
        self._header = {}
        self.tally.added += commit.inserted.get("clips", 0)
        # A batch that another run has cut alike and committed first is no conflict.
        self.tally.unchanged += commit.skipped.get("clips", 0)
        for outcome in outcomes:
            self.tally.count(outcome)
