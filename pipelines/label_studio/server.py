"""Start and stop a server of our own; calling either again changes nothing."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.errors import PipelineError
from pipelines.label_studio.connect import refuse_adopted
from pipelines.label_studio.environment import ensure_environment
from pipelines.label_studio.identity import ensure_login
from pipelines.label_studio.launching import prepare_launch
from pipelines.label_studio.places import Places, find_places, own_url
from pipelines.label_studio.ports import refuse_busy_port
from pipelines.label_studio.process import (
    ServerProcess,
    claim,
    is_claimed,
    read_process,
    read_start,
    spawn,
    stop,
    write_process,
)
from pipelines.label_studio.status import ServerStatus, read_status
from pipelines.label_studio.waiting import NotOursError, find_reason, wait_until_ready
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.stack.control import read_processes
from pipelines.stack.places import find_stack_places

START_S = 600.0
STOP_S = 20.0
# Others hold the lock for an instant when they look whether a server does.
LOOK_S = 0.2
LOOKS = 10


@dataclass(frozen=True)
class StopResult:
    """What ending the server did.

    Args:
        done: In words.
        pid: The process that was ended; None if none ran.
    """

    done: str
    pid: int | None = None

    def rows(self) -> Sequence[Row]:
        """Return one row."""
        return [{"label studio": self.done, "pid": self.pid}]


def up(settings: Settings, progress: Progress, *, timeout_s: float = START_S) -> ServerStatus:
    """Install a server where it is missing, start it where it does not run, and wait for it.

    Args:
        settings: Its port, database and home.
        progress: Where is shown what it does.
        timeout_s: Seconds to wait for its answer.

    Returns:
        What it answers.

    Raises:
        SettingsError: If the database's address cannot be used.
        PipelineError: If a setting names somebody else's server, the port is taken, the
            installation fails, or the server ends or does not answer as ours.
    """
    refuse_adopted(settings, "up")
    places = find_places(settings)
    process = _start(settings, places, progress)
    login = ensure_login(places.login, settings.label_studio.username)
    url = own_url(settings, process.port)
    try:
        wait_until_ready(
            process, url, login, log=places.log, progress=progress, timeout_s=timeout_s
        )
    except NotOursError:
        _end(process, places, grace_s=STOP_S)
        raise
    return read_status(settings)


def down(settings: Settings, *, grace_s: float = STOP_S) -> StopResult:
    """End the server and everything it started, and wait until it is gone.

    Args:
        settings: Its home.
        grace_s: Seconds in which it may end by itself before it is killed.

    Raises:
        PipelineError: If a setting names somebody else's server, the services of `serloop up`
            include it, or it cannot be told which process ours is.
    """
    refuse_adopted(settings, "down")
    if "label-studio" in (read_processes(find_stack_places(settings).socket) or {}):
        raise PipelineError(
            "Label Studio runs with the other services of `serloop up`, which would start it again "
            "at once; `serloop down` ends all of them"
        )
    places = find_places(settings)
    process = read_process(places.process)
    if not is_claimed(places.lock):
        places.process.unlink(missing_ok=True)
        return StopResult("was not running")
    if process is None or not process.is_alive():
        raise PipelineError(
            f"a server holds `{places.lock}`, but `{places.process}` does not say which process it "
            f"is; `fuser {places.lock}` names it, end it yourself"
        )
    _end(process, places, grace_s=grace_s)
    return StopResult("stopped", process.pid)


def _start(settings: Settings, places: Places, progress: Progress) -> ServerProcess:
    """Return the process of the server, started unless it runs already."""
    for _ in range(LOOKS):
        with claim(places.lock) as lock:
            if lock is not None:
                port = settings.label_studio.port
                refuse_busy_port(port)
                ensure_environment(places, progress)
                # The installation took its time.
                refuse_busy_port(port)
                return _launch(settings, places, lock)
        process = read_process(places.process)
        if process is not None and process.is_alive():
            return process
        time.sleep(LOOK_S)
    raise PipelineError(
        f"another `serloop label-studio up` is at work here (it holds `{places.lock}`); wait for it"
    )


def _launch(settings: Settings, places: Places, lock: int) -> ServerProcess:
    how = prepare_launch(settings, places)
    started = spawn(how.command, how.variables, lock=lock, log=places.log, folder=places.folder)
    start = read_start(started.pid)
    if start is None:
        raise PipelineError(
            f"Label Studio ended at once: {find_reason(places.log)}; see `{places.log}`"
        )
    process = ServerProcess(started.pid, start, settings.label_studio.port)
    write_process(places.process, process)
    return process


def _end(process: ServerProcess, places: Places, *, grace_s: float) -> None:
    stop(process, places.lock, grace_s=grace_s)
    places.process.unlink(missing_ok=True)
