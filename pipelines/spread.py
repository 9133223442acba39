"""Spread batches of work over processes, and hand the outcomes back in order."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing, contextmanager
from itertools import islice
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from threading import Thread
from typing import TypeVar

from threadpoolctl import threadpool_limits

from pipelines.sections import ComputeSettings

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")

# Batches in flight per process: one being worked on and one waiting, so that none idles and the
# outcomes of a long run never pile up.
WINDOW = 2
PRELOADED = (
    # Once in the server, where it costs no time, instead of once in every worker.
    "__main__",
    "pipelines.shards",
    "ser.audio.fingerprint",
    "ser.features.registry",
    "ser.prepare",
)


@contextmanager
def start_jobs(
    function: Callable[[Job], Outcome],
    jobs: Iterable[Job],
    compute: ComputeSettings,
    *,
    count: int,
) -> Iterator[Iterator[Outcome]]:
    """Set as many processes to work as help, and give the outcome of each job, in order.

    Jobs are drawn as they are needed and outcomes are not kept, so memory does not grow with
    their number.

    Args:
        function: What to do, a function of a module, since other processes import it.
        jobs: The batches.
        compute: How much of this machine to use, and what runs the jobs.
        count: Number of jobs, to start no process that would idle.

    Returns:
        A context manager that gives the outcomes; an exception of a job is raised in its place,
        and leaving drops what was not begun.
    """
    if compute.runner == "ray":
        from pipelines.spread_ray import run_jobs_on_ray  # noqa: PLC0415 - loads Ray

        with closing(run_jobs_on_ray(function, jobs, compute)) as outcomes:
            yield outcomes
        return
    processes = count_processes(compute.processes, count)
    if processes == 1:
        with threadpool_limits(compute.threads):
            yield map(function, jobs)
        return
    pool = ProcessPoolExecutor(
        processes,
        mp_context=_fork_server(),
        initializer=start_process,
        initargs=(compute.threads,),
    )
    try:
        rest = iter(jobs)
        begun = deque(pool.submit(function, job) for job in islice(rest, WINDOW * processes))
        yield _in_order(pool, function, begun, rest)
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(
    pool: ProcessPoolExecutor,
    function: Callable[[Job], Outcome],
    begun: "deque[Future[Outcome]]",
    rest: Iterator[Job],
) -> Iterator[Outcome]:
    while begun:
        outcome = begun.popleft().result()
        begun.extend(pool.submit(function, job) for job in islice(rest, 1))
        yield outcome


def warm_up(compute: ComputeSettings) -> None:
    """Start loading what workers need while this process does something else.

    Args:
        compute: What will run the jobs.
    """
    if compute.runner == "processes" and count_processes(compute.processes, 2) > 1:
        _fork_server()
        forkserver.ensure_running()


def _fork_server() -> ForkServerContext:
    # Forked children would inherit DuckDB's threads in an unknown state.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    return context


def count_processes(wanted: int | None, jobs: int) -> int:
    """Return how many processes pay for themselves.

    Args:
        wanted: The setting, or None for every core this process may use.
        jobs: Number of jobs; more processes than that would idle.

    Example:
        >>> count_processes(4, 2), count_processes(1, 9), count_processes(3, 0)
        (2, 1, 1)
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(wanted or cores or 1, jobs))


def start_process(threads: int) -> None:
    """Prepare a worker process: bound its threads, and let it not outlive the one it works for.

    Args:
        threads: Threads of its linear algebra; more than one per process loses on shared cores.
    """
    from ser.audio.heap import keep_freed_memory  # noqa: PLC0415 - only workers need it

    keep_freed_memory()
    threadpool_limits(threads)
    parent = multiprocessing.parent_process()
    if parent is not None:
        # A killed parent closes no queue that its workers wait on, so they would stay for ever.
        Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
