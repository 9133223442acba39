"""A worker process turns files into rows and shards, and makes nothing visible."""

from pathlib import Path, PurePosixPath

import pyarrow.parquet as pq
import pytest

from pipelines.settings import Settings
from pipelines.shards import ShardJob, Source, prepare_shard
from pipelines.workspace import open_store
from ser.corpora.records import Utterance
from warehouse import queries


@pytest.fixture
def job(synthetic_root: Path, settings: Settings, tmp_path: Path) -> ShardJob:
    """Return a batch of two recordings and a text file."""
    (tmp_path / "text.wav").write_bytes(b"this is text")
    paths = [*sorted(synthetic_root.glob("SYNM01/*.wav"))[:2], tmp_path / "text.wav"]
    sources = tuple(
        Source(Utterance(path.stem, PurePosixPath(path)), path.stat().st_size, 7, frozenset(), 1)
        for path in paths
    )
    return ShardJob(
        corpus="calls",
        folder=Path("/"),
        sources=sources,
        data_path=settings.data_path,
        s3=None,
        features={},
        trimming={},
    )


def test_a_batch_is_sorted_into_clips_and_rejects(job: ShardJob) -> None:
    """Good files have rows and shards, a bad one a reason, and none stops the others."""
    outcome = prepare_shard(job)
    assert outcome.rows["clips"]["native_id"].to_pylist() == [
        source.utterance.native_id for source in job.sources[:2]
    ]
    assert outcome.reasons == ("not_audio",)
    assert {shard.table: shard.rows for shard in outcome.shards} == {"waveforms": 2, "features": 2}


def test_nothing_is_visible_before_the_commit(job: ShardJob, settings: Settings) -> None:
    """Shards lie beside the warehouse until they are registered together with their rows."""
    outcome = prepare_shard(job)
    with open_store(settings) as store:
        assert sum(queries.count_rows(store).values()) == 0
        store.commit(dict(outcome.rows), shards=outcome.shards, message="now")
        assert queries.select_waveforms(store).num_rows == 2


def test_equal_batches_write_equal_shards(job: ShardJob) -> None:
    """A batch that is prepared again after a kill finds its files there."""
    first, again = prepare_shard(job), prepare_shard(job)
    assert first.shards == again.shards
    assert {name: rows.to_pylist() for name, rows in first.rows.items()} == {
        name: rows.to_pylist() for name, rows in again.rows.items()
    }


def test_settings_reach_trimming_and_features(job: ShardJob) -> None:
    """A shorter hop gives more frames, and more padding more audio."""
    other = ShardJob(**{**vars(job), "features": {"hop": 160}, "trimming": {"padding_s": 0.0}})
    tables = [
        {shard.table: pq.read_table(shard.path) for shard in prepare_shard(batch).shards}
        for batch in (job, other)
    ]
    samples, frames = (
        [sum(batch[table][column].to_pylist()) for batch in tables]
        for table, column in (("waveforms", "samples"), ("features", "frames"))
    )
    assert samples[0] > samples[1]
    assert frames[0] < frames[1]


def test_known_content_is_left_out(job: ShardJob) -> None:
    """A file whose bytes are known gets no row, whatever its time."""
    hashes = prepare_shard(job).rows["clips"]["audio_sha256"].to_pylist()
    known = tuple(
        Source(**{**vars(source), "known": frozenset({sha256, "other"})})
        for source, sha256 in zip(job.sources, hashes, strict=False)
    )
    outcome = prepare_shard(ShardJob(**{**vars(job), "sources": known}))
    assert (outcome.unchanged, outcome.shards, outcome.speech_s) == (2, (), 0.0)
    assert outcome.rows["clips"].num_rows == 0
