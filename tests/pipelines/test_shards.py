"""A worker process turns files into rows and shards, and makes nothing visible."""

import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.settings import Settings
from pipelines.shards import ShardJob, Source, prepare_shard
from pipelines.workspace import open_store
from ser.corpora.records import Utterance
from ser.features.spectral import LogMel
from warehouse import queries


@pytest.fixture
def job(synthetic_root: Path, settings: Settings, tmp_path: Path) -> ShardJob:
    """Return a batch of two recordings and a text file."""
    (tmp_path / "text.wav").write_bytes(b"this is text")
    paths = [*sorted(synthetic_root.glob("SYNM01/*.wav"))[:2], tmp_path / "text.wav"]
    sources = tuple(
        Source(
            Utterance(path.stem, str(path)),
            size=path.stat().st_size,
            mtime_ns=7,
            known=(),
            observation=1,
            revision=1,
            is_known=False,
        )
        for path in paths
    )
    return ShardJob(
        corpus="calls",
        folder=Path("/"),
        sources=sources,
        data_path=settings.data_path,
        s3=None,
        features=LogMel().parameters,
        trimming={},
        preparing={},
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
    other = replace(job, features=LogMel(hop=160).parameters, trimming={"padding_s": 0.0})
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
        replace(source, known=(sha256, "other"), is_known=True)
        for source, sha256 in zip(job.sources, hashes, strict=False)
    )
    outcome = prepare_shard(replace(job, sources=known))
    assert (outcome.unchanged, outcome.shards, outcome.rows["clips"].num_rows) == (2, (), 0)
    assert outcome.rows["sources"]["audio_sha256"].to_pylist() == hashes


def test_every_file_that_could_be_read_is_a_source(job: ShardJob) -> None:
    """A rejected file is known by its content; one that cannot be read is looked at again."""
    (job.folder / job.sources[2].utterance.path).unlink()
    outcome = prepare_shard(job)
    assert outcome.reasons == ("unreadable",)
    assert outcome.rows["sources"].num_rows == 2
    again = prepare_shard(replace(job, sources=(replace(job.sources[2], known=("",)),)))
    assert (again.reasons, again.unchanged) == ((), 1)


def test_a_batch_of_long_clips_is_more_than_one_shard(
    job: ShardJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a worker holds is bounded by bytes, whatever the files are."""
    monkeypatch.setattr("pipelines.shards.SHARD_BYTES", 1000)
    outcome = prepare_shard(job)
    assert [(shard.table, shard.rows) for shard in outcome.shards] == [
        ("waveforms", 1), ("features", 1), ("waveforms", 1), ("features", 1)
    ]  # fmt: skip


def test_a_worker_does_without_torch(job: ShardJob) -> None:
    """Loading it takes longer than decoding a thousand clips, in each process."""
    code = (
        "import pickle, sys; from pipelines.shards import prepare_shard;"
        "outcome = prepare_shard(pickle.load(sys.stdin.buffer));"
        "print(outcome.rows['clips'].num_rows, 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(job), capture_output=True, check=True
    )
    assert done.stdout.split() == [b"2", b"False"]


def test_a_failure_names_its_batch(job: ShardJob) -> None:
    """Of a thousand batches one cannot be written: which, and why."""
    blocked = Path(job.data_path)
    blocked.parent.mkdir(parents=True)
    blocked.write_text("a file where a folder belongs", encoding="utf-8")
    with pytest.raises(NotADirectoryError) as failure:
        prepare_shard(job)
    assert failure.value.__notes__ == [f"in the batch {job.name}"]
    assert "calls: " in job.name
