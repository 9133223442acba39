"""Follow: keep a consensus up to date while answers come in."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from annotation.aggregation import StreamingDawidSkene
from annotation.aggregation.streaming import Flip
from pipelines.consensus_run import Selection, store_run
from pipelines.errors import NothingToDoError
from pipelines.opinions import classes_of
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse, queries

METHOD = "dawid_skene_streaming"

Wait = Callable[[], bool]


@dataclass(frozen=True)
class Batch:
    """What new rows of the ledger did to the consensus on one modality in one taxonomy.

    Args:
        taxonomy: Class list.
        modality: What the annotators perceived.
        snapshot: Newest snapshot that was read.
        votes: Votes that were new.
        retracted: Votes that no longer stand.
        clips: Clips whose posterior was computed again.
        flips: Clips whose label changed.
        rounds: Rounds of propagation.
        converged: Whether nothing was left to propagate.
        seconds: Time of the update, without reading the ledger.
    """

    taxonomy: str
    modality: str
    snapshot: int
    votes: int
    retracted: int
    clips: int
    flips: tuple[Flip, ...]
    rounds: int
    converged: bool
    seconds: float


@dataclass(frozen=True)
class Followed:
    """One consensus at the end.

    Args:
        taxonomy: Class list.
        modality: What the annotators perceived.
        snapshot: Newest snapshot that was read.
        clips: Clips with at least one vote.
        votes: Votes in force.
        annotators: Distinct annotators, or pools of anonymous ones.
        run_id: Names the rows of `consensus` and `annotators`; None where nothing was stored.
    """

    taxonomy: str
    modality: str
    snapshot: int
    clips: int
    votes: int
    annotators: int
    run_id: str | None


@dataclass(frozen=True)
class FollowResult:
    """The consensus of each taxonomy and modality when following ended."""

    groups: tuple[Followed, ...]

    def rows(self) -> Sequence[Row]:
        """Return one row per taxonomy and modality."""
        return [dict(vars(group)) for group in self.groups]


class Follower:
    """One stream per taxonomy and modality, and the snapshot up to which they know the ledger.

    Args:
        store: The warehouse.
        corpus: Only votes on this corpus.
        modality: Only votes on this modality.
    """

    def __init__(
        self, store: Warehouse, *, corpus: str | None = None, modality: str | None = None
    ) -> None:
        self._store = store
        self._corpus, self._modality = corpus, modality
        self._streams: dict[tuple[str, str], StreamingDawidSkene] = {}
        self._snapshot: int | None = None

    def poll(self) -> list[Batch]:
        """Take in what the ledger has that is new; return one entry per group it concerns.

        The first call reads the votes in force; each later one asks for the number of the newest
        snapshot, and only if there is another for the rows that came since.

        Raises:
            NothingToDoError: If the taxonomy of a vote is unknown.
            AnnotationError: If a label is outside its taxonomy.
        """
        newest = self._store.snapshot
        if newest == self._snapshot:
            return []
        # What is committed while this reads is read again by the next call, which changes nothing.
        if self._snapshot is None:
            came = queries.select_effective_votes(
                self._store, corpus=self._corpus, modality=self._modality
            )
            gone = came.slice(0, 0)
        else:
            changes = queries.select_vote_changes(
                self._store,
                after=self._snapshot,
                until=newest,
                corpus=self._corpus,
                modality=self._modality,
            )
            came = changes.filter(changes["stands"])
            gone = changes.filter(pc.invert(changes["stands"])).drop_columns(["stands"])
            came = came.drop_columns(["stands"])
        came, gone = (rows.filter(pc.is_valid(rows["label"])) for rows in (came, gone))
        found = [
            self._update(newest, *group, _pick(came, *group), _pick(gone, *group))
            for group in _groups(pa.concat_tables([came, gone]))
        ]
        self._snapshot = newest
        return [batch for batch in found if batch.votes or batch.retracted]

    def conclude(self, *, store_runs: bool) -> list[Followed]:
        """Return the state of each group, and store it as a run if asked.

        The name of a run follows from its votes, so storing the same votes again changes nothing.

        Args:
            store_runs: Whether rows of `consensus_runs`, `consensus` and `annotators` are written.
        """
        return [self._conclude(*group, store_runs=store_runs) for group in sorted(self._streams)]

    def _update(
        self, newest: int, taxonomy: str, modality: str, came: pa.Table, gone: pa.Table
    ) -> Batch:
        group = taxonomy, modality
        if group not in self._streams:
            self._streams[group] = StreamingDawidSkene(classes_of(self._store, taxonomy))
        stream, started = self._streams[group], time.perf_counter()
        done = stream.update(came, retracted=gone)
        flips = tuple(stream.flips())
        return Batch(
            taxonomy=taxonomy,
            modality=modality,
            snapshot=newest,
            votes=done.votes,
            retracted=done.retracted,
            clips=done.clips,
            flips=flips,
            rounds=done.rounds,
            converged=done.converged,
            seconds=time.perf_counter() - started,
        )

    def _conclude(self, taxonomy: str, modality: str, *, store_runs: bool) -> Followed:
        stream, snapshot = self._streams[taxonomy, modality], self._snapshot or 0
        votes = stream.votes()
        run_id = None
        if store_runs and votes.clips:
            run_id = self._write(stream, taxonomy, modality)
        return Followed(
            taxonomy=taxonomy,
            modality=modality,
            snapshot=snapshot,
            clips=len(votes.clips),
            votes=int(votes.count.sum()),
            annotators=len(votes.annotators),
            run_id=run_id,
        )

    def _write(self, stream: StreamingDawidSkene, taxonomy: str, modality: str) -> str:
        return store_run(
            self._store,
            stream.consensus(),
            stream.votes(),
            {
                "aggregator": METHOD,
                "taxonomy": taxonomy,
                "modality": modality,
                "corpus": self._corpus,
                "snapshot": self._snapshot,
                "mapping": None,
            },
            chosen={**Selection(self._corpus).parameters(), "smoothing": stream.smoothing},
            vote_ids=stream.vote_ids(),
        )


def follow(
    settings: Settings,
    progress: Progress,
    *,
    corpus: str | None = None,
    modality: str | None = None,
    write: bool = False,
    write_each: bool = False,
    once: bool = False,
    wait: Wait = lambda: False,
    tell: Callable[[Batch], None] = lambda _: None,
) -> FollowResult:
    """Keep a Dawid-Skene consensus of the votes in force up to date until told to stop.

    Votes that come in move the posterior that is there, and only where they have a bearing on it;
    see `annotation.aggregation.StreamingDawidSkene` for what that guarantees.

    Args:
        settings: Where the warehouse is.
        progress: Where the progress of reading what is there is shown.
        corpus: Only votes on this corpus.
        modality: Only votes on this modality.
        write: Whether the last state is stored as a run per taxonomy and modality.
        write_each: Whether the state after every batch is stored, too.
        once: Whether to stop after what is there, and to refuse to find nothing.
        wait: Waits until it is time to look again; False ends.
        tell: Gets each batch as it is done.

    Returns:
        The state at the end.

    Raises:
        NothingToDoError: If `once` finds no labelled vote, or a taxonomy is unknown.
        AnnotationError: If a label is outside its taxonomy.
    """
    with open_store(settings) as store:
        follower = Follower(store, corpus=corpus, modality=modality)
        with progress.track("read votes", 1, "ledgers") as advance:
            found = follower.poll()
            advance()
        if once and not found:
            raise NothingToDoError(
                "no labelled votes to follow; bring some in with `serloop votes` or "
                "`serloop collect`, or leave out --once to wait for them"
            )
        while True:
            for batch in found:
                tell(batch)
            if found and write_each:
                follower.conclude(store_runs=True)
            if once or not wait():
                break
            found = follower.poll()
        return FollowResult(tuple(follower.conclude(store_runs=write or write_each)))


def _pick(votes: pa.Table, taxonomy: str, modality: str) -> pa.Table:
    """Return the votes on one modality in one taxonomy."""
    return votes.filter(
        pc.and_(pc.equal(votes["taxonomy"], taxonomy), pc.equal(votes["modality"], modality))
    )


def _groups(votes: pa.Table) -> Iterator[tuple[str, str]]:
    """Yield taxonomy and modality of the votes, by name."""
    groups = votes.group_by(["taxonomy", "modality"]).aggregate([])
    yield from sorted(zip(*(column.to_pylist() for column in groups.columns), strict=True))
