"""See to it that services that hang are started again, and that there is a supervisor.

The supervisor itself notices only what ends.
"""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace

from pipelines.settings import Settings
from pipelines.stack.control import Process, read_processes
from pipelines.stack.health import Health, look
from pipelines.stack.looks import Looks, read_looks, write_looks
from pipelines.stack.places import StackPlaces, find_stack_places
from pipelines.stack.services import Service, plan_services

logger = logging.getLogger(__name__)

LOOK_S = 3.0
# Longer than a person would wait, since a busy machine is slow to answer anybody.
ANSWER_S = 10.0
AGAIN = "again"


@dataclass(frozen=True)
class Memory:
    """What is remembered about a service.

    Args:
        pid: Its process; None before the first was seen.
        started: When this process was started, seconds since 1970.
        restarts: How often another process took its place.
        blameless_at: When there was last no reason to complain, seconds of a steady clock.
        was_well: Whether this process was ever well.
    """

    pid: int | None = None
    started: float = 0.0
    restarts: int = 0
    blameless_at: float = 0.0
    was_well: bool = False


def remember(memory: Memory, process: Process, health: Health, now_s: float) -> Memory:
    """Return what is known after another look.

    Args:
        memory: What was known.
        process: What the supervisor says.
        health: What the service says.
        now_s: A steady clock.

    Example:
        >>> first = remember(Memory(), Process("worker", "RUNNING", 7, 0.0), Health(True), 1.0)
        >>> remember(first, Process("worker", "RUNNING", 8, 2.0), Health(False), 3.0).restarts
        1
    """
    if process.pid is None:
        return memory
    if (process.pid, process.started) != (memory.pid, memory.started):
        again = memory.restarts + (memory.pid is not None)
        memory = Memory(process.pid, process.started, again, now_s)
    # Of what cannot be told, the service is not to blame.
    if health.is_well is not False:
        memory = replace(memory, blameless_at=now_s)
    return replace(memory, was_well=memory.was_well or bool(health.is_well))


def is_hung(memory: Memory, service: Service, now_s: float, *, patience_s: float) -> bool:
    """Return whether a service must be started again.

    Args:
        memory: What is known about it.
        service: Which it is.
        now_s: A steady clock.
        patience_s: Seconds that a service which was well may be without an answer.
    """
    limit_s = patience_s if memory.was_well else max(service.start_s, patience_s)
    return memory.pid is not None and now_s - memory.blameless_at > limit_s


def watch(settings: Settings) -> None:
    """Look at the services every few seconds, until this process is ended.

    Args:
        settings: Where they are, and how patient to be.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    places, supervisor = find_stack_places(settings), os.getppid()
    services = [item for item in plan_services(settings) if item.is_ours and item.name != "watch"]
    # Another watch may have counted before this one.
    known = read_looks(places.looks).restarts
    memories: Mapping[str, Memory] = {
        item.name: Memory(restarts=known.get(item.name, 0)) for item in services
    }
    with ThreadPoolExecutor(len(services)) as pool:
        while os.getppid() == supervisor:
            processes = read_processes(places.socket)
            if processes is not None:
                memories = _look_at_all(settings, services, processes, memories, pool)
                restarts = {name: memory.restarts for name, memory in memories.items()}
                well = {
                    name: item.pid for name, item in memories.items() if item.pid and item.was_well
                }
                write_looks(places.looks, Looks(time.time(), restarts, well))
            time.sleep(LOOK_S)
    logger.error("the supervisor was killed; starting everything again")
    _start_again(places)


def _look_at_all(
    settings: Settings,
    services: list[Service],
    processes: Mapping[str, Process],
    memories: Mapping[str, Memory],
    pool: ThreadPoolExecutor,
) -> Mapping[str, Memory]:
    """Look at all at once, and end those that hang: the supervisor starts them again."""

    def look_at(service: Service) -> Memory:
        process = processes.get(service.name, Process(service.name, "STOPPED", None, 0.0))
        health = Health(None)
        if process.pid is not None:
            health = look(service, settings, process, timeout_s=ANSWER_S)
        memory = remember(memories[service.name], process, health, time.monotonic())
        if is_hung(memory, service, time.monotonic(), patience_s=settings.stack.patience_s):
            logger.error(
                "%s, process %s, hangs: %s; killed", service.name, memory.pid, health.detail
            )
            _kill(memory, process)
            memory = replace(memory, blameless_at=time.monotonic())
        return memory

    found = pool.map(look_at, services)
    return {service.name: memory for service, memory in zip(services, found, strict=True)}


def _kill(memory: Memory, process: Process) -> None:
    if process.pid is not None and process.pid == memory.pid:
        # Not its group: flow runs of a worker that hangs need it no more.
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)


def _start_again(places: StackPlaces) -> None:
    """Have all started apart from this process, which ends with all that was left."""
    name, _ = places.mark
    variables = {key: value for key, value in os.environ.items() if key != name}
    with (places.logs / "again.log").open("ab") as log:
        subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-P", "-m", "pipelines.stack.launch", AGAIN],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
