"""Batches are committed together, whole, and what another run has taken in is not taken twice."""

from collections.abc import Callable
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
    queue = make_queue(store, lambda outcome: prepare_rest(store, settings, outcome.job))
    job = batches[0].job
    other = replace(job, sources=(*job.sources[1:], *batches[1].job.sources[:1]))
    queue.add(prepare_shard(other))
    queue.finish()
    for batch in batches:
        queue.add(batch)
    queue.finish()
    assert (queue.tally.added, queue.tally.unchanged) == (8, 0)
    clips = queries.select_clips(store)
    assert (clips.num_rows, set(clips["revision"].to_pylist())) == (8, {1})
    assert queries.count_rows(store)["waveforms"] == 8
    assert queries.count_rows(store)["sources"] == 8


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
