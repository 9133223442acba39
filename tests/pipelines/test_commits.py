"""Batches are committed together, whole, and what another run has taken in is not taken twice."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.commits import CommitQueue
from pipelines.ingest import make_job, prepare_rest
from pipelines.settings import Settings
from pipelines.shards import ShardOutcome, prepare_shard
from pipelines.survey import survey
from pipelines.workspace import open_store
from ser.corpora import find_corpus
from warehouse import KeyConflictError, Warehouse, queries


@pytest.fixture
def store(settings: Settings):
    """Open an empty warehouse."""
    with open_store(settings) as store:
        yield store


@pytest.fixture
def batches(settings: Settings, synthetic_root: Path, store: Warehouse) -> list[ShardOutcome]:
    """Prepare the first eight recordings in batches of three, with nothing committed."""
    scan = find_corpus("synthetic").scan(synthetic_root)
    scan = replace(scan, utterances=scan.utterances[:8])
    cut = survey(store, "synthetic", scan).batches(3)
    jobs = [make_job(settings, "synthetic", scan.folder, sources) for sources in cut]
    return [prepare_shard(job) for job in jobs]


def make_queue(
    store: Warehouse, prepare_rest: Callable[[ShardOutcome], ShardOutcome], every_s: float = 60.0
) -> CommitQueue:
    """Return a queue without a header."""
    return CommitQueue(store, {}, message="test", every_s=every_s, prepare_rest=prepare_rest)


def refuse(outcome: ShardOutcome) -> ShardOutcome:
    """Fail: nothing is to be prepared again."""
    raise AssertionError(outcome.job.name)


def assert_complete(queue: CommitQueue, batches: Sequence[ShardOutcome]) -> None:
    """Check that each file of the batches is added, unchanged or rejected, and only once."""
    tally = queue.tally
    files = sum(len(batch.job.sources) for batch in batches)
    assert tally.added + tally.unchanged + tally.rejected.total() == files


def commit(queue: CommitQueue, batches: Sequence[ShardOutcome]) -> None:
    """Give batches to a queue that is then finished."""
    for batch in batches:
        queue.add(batch)
    queue.finish()


def test_batches_become_visible_in_one_snapshot(
    store: Warehouse, batches: list[ShardOutcome]
) -> None:
    """Until it is time nothing is; then everything that is held."""
    before = store.snapshot
    queue = make_queue(store, refuse)
    for batch in batches:
        queue.add(batch)
    assert store.snapshot == before
    queue.finish()
    assert (store.snapshot, queue.tally.added) == (before + 1, 8)
    assert queries.count_rows(store)["waveforms"] == 8


def test_without_patience_each_batch_is_a_snapshot(
    store: Warehouse, batches: list[ShardOutcome]
) -> None:
    """The setting bounds what a kill can lose."""
    before = store.snapshot
    queue = make_queue(store, refuse, every_s=0)
    for batch in batches:
        queue.add(batch)
    assert store.snapshot == before + len(batches)


def test_what_another_run_took_in_meanwhile_is_left_out(
    settings: Settings, store: Warehouse, batches: list[ShardOutcome]
) -> None:
    """A batch cut in another way shares clips with one that is there: only the rest is added."""
    job = batches[0].job
    other = replace(job, sources=(*job.sources[1:], *batches[1].job.sources[:1]))
    commit(make_queue(store, refuse), [prepare_shard(other)])
    queue = make_queue(store, lambda outcome: prepare_rest(store, settings, outcome.job))
    commit(queue, batches)
    assert (queue.tally.added, queue.tally.unchanged) == (5, 3)
    assert_complete(queue, batches)
    clips = queries.select_clips(store)
    assert (clips.num_rows, set(clips["revision"].to_pylist())) == (8, {1})
    assert queries.count_rows(store)["waveforms"] == 8
    assert queries.count_rows(store)["sources"] == 8


def test_what_is_taken_in_while_the_rest_is_prepared_is_left_out_too(
    settings: Settings, store: Warehouse, batches: list[ShardOutcome]
) -> None:
    """Each time that another run is quicker, what is left is less, and every file is counted."""
    job = batches[0].job
    early, late = (prepare_shard(replace(job, sources=(file,))) for file in job.sources[1:])

    def prepare_slowly(outcome: ShardOutcome) -> ShardOutcome:
        rest = prepare_rest(store, settings, outcome.job)
        commit(make_queue(store, refuse), [late])
        return rest

    commit(make_queue(store, refuse), [early])
    queue = make_queue(store, prepare_slowly)
    commit(queue, batches[:1])
    assert (queue.tally.added, queue.tally.unchanged) == (1, 2)
    assert_complete(queue, batches[:1])
    assert queries.select_clips(store)["revision"].to_pylist() == [1, 1, 1]


def test_a_batch_that_another_run_took_in_whole_is_unchanged(
    store: Warehouse, batches: list[ShardOutcome]
) -> None:
    """Two runs that cut alike have no conflict: the later one has nothing to add."""
    queues = [make_queue(store, refuse) for _ in range(2)]
    commit(queues[0], batches[1:])
    commit(queues[1], batches)
    assert [queue.tally.added for queue in queues] == [5, 3]
    assert [queue.tally.unchanged for queue in queues] == [0, 5]
    assert_complete(queues[0], batches[1:])
    assert_complete(queues[1], batches)


def test_a_conflict_that_does_not_go_away_is_raised(
    store: Warehouse, batches: list[ShardOutcome]
) -> None:
    """A warehouse that holds half of a clip would make the queue try for ever."""
    half = [shard for shard in batches[0].shards if shard.table == "waveforms"]
    store.commit({}, shards=half, message="half")
    other = replace(batches[0].job, sources=batches[0].job.sources[1:])
    queue = make_queue(store, lambda outcome: prepare_shard(outcome.job))
    queue.add(prepare_shard(replace(other, sources=(*other.sources, *batches[1].job.sources))))
    with pytest.raises(KeyConflictError):
        queue.finish()
