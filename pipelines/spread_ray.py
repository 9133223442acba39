"""Spread batches of work over a Ray cluster, each as one Prefect task on `RayTaskRunner`.

Prefect's engine needs a server even for a task outside of a flow. With none configured a temporary
one is started for as long as the jobs last, which takes 12 s or so; batches are shards of a hundred
clips and more, so that the tens of milliseconds Prefect spends on a task do not count.
"""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar, cast, runtime_checkable

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture
from prefect.logging import get_logger
from prefect.runtime import task_run
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_SERVER_ANALYTICS_ENABLED,
    temporary_settings,
)
from prefect.task_runners import TaskRunner
from threadpoolctl import threadpool_limits

from pipelines.errors import SettingsError
from pipelines.sections import ComputeSettings

J = TypeVar("J")
R = TypeVar("R")

# One batch being worked on and one waiting for each core, so that none idles and the outcomes of
# a long run never pile up.
WINDOW = 2
# Outcomes are rows about clips, about 1 kB each; the audio itself goes to the data path.
OBJECT_STORE_BYTES = 256 << 20

# Prefect's own 20 s are too few on a machine whose cores are all at work.
SERVER_PATIENCE_S = 120


@runtime_checkable
class Named(Protocol):
    """A job that can say what it is about."""

    @property
    def name(self) -> str:
        """Return a few words, such as the first and the last file."""


class Parcel(Generic[J]):
    """A job in a wrapping that Prefect neither looks through nor prints.

    Prefect visits every field of a dataclass in search of futures and may put parameters into
    logs; a job has hundreds of files, and the credentials of the bucket.

    Args:
        number: Position of the job, from 1.
        job: The job.

    Example:
        >>> Parcel(3, {"secret": "hunter2"})
        batch 3
    """

    __slots__ = ("job", "label")

    def __init__(self, number: int, job: J) -> None:
        self.job = job
        self.label = f"batch {number}" + (f" ({job.name})" if isinstance(job, Named) else "")

    def __repr__(self) -> str:
        """Return which one it is, and nothing of what is inside."""
        return self.label


def run_jobs_on_ray(
    function: Callable[[J], R], jobs: Iterable[J], compute: ComputeSettings
) -> Generator[R, None, None]:
    """Yield the outcome of each job, in order, from a Ray cluster.

    Without `compute.ray_address` Ray runs on this machine for as long as the jobs last. On a
    cluster, every node needs this package and the files under the same paths.

    Args:
        function: What to do, a function of a module, since other processes import it.
        jobs: The batches; drawn as they are needed.
        compute: The cluster, and the threads of each process.

    Returns:
        The outcomes. An exception of a job is raised in its place, with a note that names it.

    Raises:
        SettingsError: If Ray is not installed, or its nodes could not reach a Prefect server.
    """
    runner = make_runner(compute)
    with ExitStack() as stack:
        address = stack.enter_context(_server(compute))
        with temporary_settings({PREFECT_API_URL: address}):
            stack.enter_context(runner)
        unit = _make_task(function, compute.threads)

        def submit(parcel: Parcel[J]) -> tuple[Parcel[J], PrefectFuture[R]]:
            # Settings in force at this moment travel with the task, and a generator must not
            # leave its own in force between two outcomes.
            with temporary_settings({PREFECT_API_URL: address}):
                return parcel, runner.submit(unit, {"parcel": parcel})

        rest = (Parcel(number, job) for number, job in enumerate(jobs, start=1))
        waiting = deque(submit(parcel) for parcel in islice(rest, WINDOW * _count_cores()))
        while waiting:
            outcome = _result(*waiting.popleft())
            waiting.extend(submit(parcel) for parcel in islice(rest, 1))
            yield outcome


def make_runner(compute: ComputeSettings) -> TaskRunner[PrefectFuture[Any]]:
    """Return the task runner for the cluster of the settings, or for a Ray of our own.

    Args:
        compute: The address of the cluster; without one, the number of processes.

    Raises:
        SettingsError: If Ray is not installed.
    """
    try:
        import ray  # noqa: F401, PLC0415 - an optional extra, which prefect-ray loads too late
        from prefect_ray import RayTaskRunner  # noqa: PLC0415
    except ImportError as error:
        raise SettingsError(
            f"`compute.runner` is `ray`, which needs `{error.name}`: pip install serloop[ray], "
            "or set SERLOOP_COMPUTE__RUNNER=processes"
        ) from error
    if compute.ray_address:
        runner = RayTaskRunner(compute.ray_address, {"log_to_driver": False})
        return cast(TaskRunner[PrefectFuture[Any]], runner)
    # What is worked on is nobody else's business.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    local = {
        "num_cpus": compute.processes,
        "object_store_memory": OBJECT_STORE_BYTES,
        "include_dashboard": False,
        "log_to_driver": False,
        "logging_level": "error",
    }
    # Without an address Ray would join any cluster that happens to run on this machine.
    return cast(TaskRunner[PrefectFuture[Any]], RayTaskRunner("local", local))


@contextmanager
def _server(compute: ComputeSettings) -> Iterator[str]:
    """Give the address of the Prefect server, of a temporary one if none is configured."""
    configured = PREFECT_API_URL.value()
    if configured:
        yield configured
        return
    if compute.ray_address:
        raise SettingsError(
            f"the nodes of the Ray cluster `{compute.ray_address}` report to a Prefect server; "
            "set PREFECT_API_URL to one they can reach, or unset SERLOOP_COMPUTE__RAY_ADDRESS to "
            "run Ray on this machine"
        )
    from prefect.server.api.server import SubprocessASGIServer  # noqa: PLC0415 - takes a second

    server = SubprocessASGIServer()
    is_ours = not server.running
    if is_ours:
        get_logger("serloop").info("no PREFECT_API_URL: a temporary server takes 12 s or so")
        with temporary_settings({PREFECT_SERVER_ANALYTICS_ENABLED: False}):
            server.start(SERVER_PATIENCE_S)
    try:
        yield server.api_url
    finally:
        if is_ours:
            server.stop()


def _make_task(function: Callable[[J], R], threads: int) -> "Task[..., R]":
    def unit(parcel: Parcel[J]) -> R:
        with threadpool_limits(threads):
            return function(parcel.job)

    name = getattr(function, "__name__", "job")
    decorate = task(
        name=name,
        task_run_name=_run_name,
        description=function.__doc__,
        cache_policy=NO_CACHE,
        persist_result=False,
    )
    return cast("Task[..., R]", decorate(unit))


def _run_name() -> str:
    return repr(task_run.parameters["parcel"])


def _result(parcel: Parcel[J], future: PrefectFuture[R]) -> R:
    try:
        return future.result()
    except Exception as error:
        error.add_note(f"in {parcel}")
        raise


def _count_cores() -> int:
    import ray  # noqa: PLC0415 - an optional extra

    return max(1, int(ray.cluster_resources().get("CPU", 1)))  # type: ignore[no-untyped-call]
