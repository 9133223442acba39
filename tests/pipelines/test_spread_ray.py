"""Batches on a real local Ray, through a real Prefect server: as with processes, only elsewhere."""

import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import ray
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.sorting import TaskRunSort
from prefect.logging.handlers import APILogWorker
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_SERVER_DATABASE_CONNECTION_URL,
    temporary_settings,
)
from prefect.testing.utilities import prefect_test_harness

from pipelines.errors import SettingsError
from pipelines.ingest import ingest
from pipelines.progress import SilentProgress
from pipelines.sections import ComputeSettings
from pipelines.settings import Settings
from pipelines.spread import start_jobs
from pipelines.spread_ray import OBJECT_STORE_BYTES, WINDOW, Parcel, run_jobs_on_ray
from tests.end_to_end.runs import Run, fingerprint
from tests.pipelines.batches import Batch, RefusedError, give_back, work

CORES = 2
ON_RAY = ComputeSettings(runner="ray", processes=CORES)
SECRET = "hunter2-is-no-secret"  # noqa: S105 - it must not be found anywhere


@pytest.fixture(scope="module")
def cluster() -> Iterator[Path]:
    """Run Ray and a Prefect server, and return the server's database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        ray.init(
            "local",
            num_cpus=CORES,
            object_store_memory=OBJECT_STORE_BYTES,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="error",
        )
        try:
            with prefect_test_harness(server_startup_timeout=120):
                address = str(PREFECT_SERVER_DATABASE_CONNECTION_URL.value())
                yield Path(address.partition("///")[2])
        finally:
            ray.shutdown()


def everything(database: Path) -> str:
    """Return all that the server has stored, as text."""
    APILogWorker.instance().drain()
    with closing(sqlite3.connect(database)) as connection:
        return "\n".join(connection.iterdump())


def completed() -> set[str]:
    """Return the names of the completed task runs of flows."""
    with get_client(sync_client=True) as client:
        runs = client.read_task_runs(limit=200, sort=TaskRunSort.ID_DESC)
    return {run.name for run in runs if run.flow_run_id and run.state.is_completed()}


@pytest.mark.usefixtures("cluster")
def test_outcomes_come_in_order_from_other_processes() -> None:
    """A batch that takes long is not overtaken in what the caller sees."""
    batches = [Batch(number, seconds=0.5 if number == 0 else 0.0) for number in range(4)]
    numbers, processes = zip(*run_jobs_on_ray(work, batches, ON_RAY), strict=True)
    assert numbers == (0, 1, 2, 3)
    assert os.getpid() not in processes


@pytest.mark.usefixtures("cluster")
def test_jobs_are_drawn_as_they_are_needed() -> None:
    """A million batches are never in flight together, and who leaves early ends them."""
    drawn = []
    jobs = (drawn.append(n) or Batch(n) for n in range(1000))
    with start_jobs(work, jobs, ON_RAY, count=1000) as outcomes:
        assert next(outcomes)[0] == 0
    assert list(outcomes) == []
    assert len(drawn) == WINDOW * CORES + 1


@pytest.mark.usefixtures("cluster")
def test_no_jobs_no_outcomes() -> None:
    """An ingest that finds nothing new has nothing to spread."""
    assert list(run_jobs_on_ray(work, [], ON_RAY)) == []


@pytest.mark.usefixtures("cluster")
def test_a_failure_is_the_jobs_own_and_says_which_job() -> None:
    """The first error comes in its place as what it is, with a note that names the batch."""
    outcomes = run_jobs_on_ray(work, [Batch(1), Batch(2, fate="refused")], ON_RAY)
    assert next(outcomes)[0] == 1
    with pytest.raises(RefusedError, match="no clip in 2") as caught:
        next(outcomes)
    assert caught.value.__notes__ == ["in batch 2 (clips 2)"]


def test_a_flow_shows_its_batches_and_none_of_their_secrets(cluster: Path) -> None:
    """Each batch is a task run under a name a person knows; nothing in it is kept."""

    @flow
    def spread() -> list[int]:
        batches = [Batch(number, secret=SECRET) for number in range(3)]
        return [batch.number for batch in run_jobs_on_ray(give_back, batches, ON_RAY)]

    assert spread() == [0, 1, 2]
    names = {"batch 1 (clips 0)", "batch 2 (clips 1)", "batch 3 (clips 2)"}
    deadline = time.monotonic() + 60
    # Workers report what they did in the background.
    while completed() != names:
        assert time.monotonic() < deadline, completed()
        time.sleep(0.2)
    assert SECRET not in everything(cluster)


@pytest.mark.usefixtures("cluster")
def test_ingest_on_ray_equals_ingest_in_processes(synthetic_root: Path, tmp_path: Path) -> None:
    """Every row and every shard, whose names are the hashes of their bytes."""
    on_ray, in_processes = (
        Settings(home=tmp_path / runner, compute=ON_RAY.model_copy(update={"runner": runner}))
        for runner in ("ray", "processes")
    )
    for settings in (on_ray, in_processes):
        ingest(settings, SilentProgress(), corpus="synthetic", root=synthetic_root)
    assert fingerprint(on_ray) == fingerprint(in_processes)
    assert shards(on_ray) == shards(in_processes)
    assert shards(on_ray)


@pytest.mark.slow
def test_ray_alone_needs_no_server_and_leaves_none(synthetic_root: Path, tmp_path: Path) -> None:
    """With nothing but the setting, `serloop ingest` brings Ray and Prefect up and takes them down.

    Both take most of half a minute, so this is a proof and no quick test.
    """
    arguments = ("ingest", "synthetic", synthetic_root, "--json")
    (tmp_path / "ray").mkdir()
    (tmp_path / "processes").mkdir()
    Run(tmp_path / "ray", *arguments, COMPUTE__RUNNER="ray", COMPUTE__PROCESSES=2).finish()
    Run(tmp_path / "processes", *arguments, COMPUTE__PROCESSES=2).finish()
    one, other = (Settings(home=tmp_path / name / ".serloop") for name in ("ray", "processes"))
    assert fingerprint(one) == fingerprint(other)
    assert shards(one) == shards(other)


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_a_batch_that_kills_its_process_is_named() -> None:
    """Ray tries it again and then gives up; the message says where to look."""
    with pytest.raises(Exception, match="died") as caught:
        list(run_jobs_on_ray(work, [Batch(1), Batch(2, fate="killed")], ON_RAY))
    assert caught.value.__notes__ == ["in batch 2 (clips 2)"]


def test_a_missing_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sets the runner without installing it reads the command."""
    monkeypatch.setitem(sys.modules, "prefect_ray", None)
    with pytest.raises(SettingsError, match=r"pip install serloop\[ray\]"):
        list(run_jobs_on_ray(work, [Batch(1)], ON_RAY))


def test_a_cluster_without_a_server_is_refused() -> None:
    """A temporary server listens on this machine only, where no other node finds it."""
    remote = ON_RAY.model_copy(update={"ray_address": "ray://head:10001"})
    with (
        temporary_settings(restore_defaults={PREFECT_API_URL}),
        pytest.raises(SettingsError, match=r"cluster `ray://head:10001`.*PREFECT_API_URL"),
    ):
        list(run_jobs_on_ray(work, [Batch(1)], remote))


def test_a_parcel_shows_its_label_and_not_its_job() -> None:
    """Whatever prints parameters prints no credentials."""
    assert f"{Parcel(7, Batch(1, secret=SECRET))}" == "batch 7 (clips 1)"
    assert repr(Parcel(7, {"secret": SECRET})) == "batch 7"


def shards(settings: Settings) -> set[str]:
    """Return the shards of audio and features, each with the hash of its bytes that is its name.

    Small tables are written at the commit, by DuckLake and under names of its own.
    """
    data = Path(settings.data_path)
    found = {path.relative_to(data) for path in data.rglob("*.parquet")}
    return {str(path) for path in found if not path.name.startswith("ducklake-")}
