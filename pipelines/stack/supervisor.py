"""Start the supervisor, and with it every service."""

import os
import signal
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from pipelines.errors import PipelineError
from pipelines.gateway.keys import ensure_keys
from pipelines.gateway.places import find_gateway_places
from pipelines.label_studio.environment import ensure_environment
from pipelines.label_studio.identity import ensure_login
from pipelines.label_studio.logs import read_tail
from pipelines.label_studio.places import find_places
from pipelines.label_studio.process import is_claimed
from pipelines.progress import Progress, SilentProgress
from pipelines.settings import Settings
from pipelines.stack import control
from pipelines.stack.configuration import HOME_VARIABLE, build_configuration
from pipelines.stack.members import end_members
from pipelines.stack.places import SHORT_FOLDER, StackPlaces, find_stack_places
from pipelines.stack.ports import refuse_busy_ports
from pipelines.stack.turn import take_turn

POLL_S = 0.1
SPEAK_S = 30.0
PATIENT_S = 10.0
RUNNING = frozenset({"RUNNING", "STARTING", "BACKOFF"})


def start(settings: Settings, progress: Progress) -> None:
    """Have every service run under a supervisor; those that do are left alone.

    What a supervisor left that was killed, or that hangs, is ended first.

    Args:
        settings: Which services, and where.
        progress: Where an installation is shown.

    Raises:
        PipelineError: They run as other settings say, a port is taken, Label Studio cannot be
            installed, or the supervisor ends at once.
    """
    places, wanted = find_stack_places(settings), build_configuration(settings)
    processes = control.read_processes(places.socket, timeout_s=PATIENT_S)
    if processes is not None:
        _refuse_other_settings(places, wanted)
        for name, process in processes.items():
            if process.state not in RUNNING:
                control.start(places.socket, name)
        return
    end_members(places)
    _prepare(settings, places, progress)
    start_supervisor(places, wanted)


def start_again(settings: Settings) -> bool:
    """Start everything, unless somebody has ended it on purpose meanwhile.

    Args:
        settings: Which services, and where.

    Returns:
        Whether it was still wanted.

    Raises:
        PipelineError: See `start`.
    """
    places = find_stack_places(settings)
    with take_turn(places):
        is_wanted = places.configuration.exists()
        if is_wanted:
            start(settings, SilentProgress())
        return is_wanted


def end_one(pid: int) -> None:
    """Kill a process that hangs; the supervisor starts it again."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _refuse_other_settings(places: StackPlaces, wanted: str) -> None:
    if not places.configuration.exists():
        # An interrupted `serloop down` has removed it.
        _write_whole(places.configuration, wanted)
    found = places.configuration.read_text(encoding="utf-8").splitlines()
    other = [line for line in found if line not in wanted.splitlines()]
    if other:
        raise PipelineError(
            f"the services run, but with other settings (`{other[0].removeprefix('; ')}`); run "
            "`serloop down`, then `serloop up`"
        )


def _prepare(settings: Settings, places: StackPlaces, progress: Progress) -> None:
    """Make everything that services need, and refuse what they could not run with."""
    label = find_places(settings)
    is_ours = settings.label_studio.url is None
    if is_ours and is_claimed(label.lock):
        raise PipelineError(
            "a Label Studio of this home runs already, by itself; run `serloop label-studio down`, "
            "then `serloop up`, which runs it with the others"
        )
    refuse_busy_ports(settings)
    if is_ours:
        ensure_environment(label, progress)
        ensure_login(label.login, settings.label_studio.username)
    ensure_keys(find_gateway_places(settings).keys)
    for folder in (places.folder, places.socket.parent, places.logs, places.prefect):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _refuse_foreign_folder(places.socket.parent)
    # The supervisor does not make the folders of logs.
    label.folder.mkdir(parents=True, exist_ok=True)


def _refuse_foreign_folder(folder: Path) -> None:
    found = folder.stat()
    is_others = found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077
    if folder.parent == Path(SHORT_FOLDER) and is_others:
        raise PipelineError(
            f"`{folder}`, where the services are spoken to, is not for you alone; remove it, or "
            "set SERLOOP_HOME to a folder with a shorter name"
        )


def _write_whole(path: Path, text: str) -> None:
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


def start_supervisor(places: StackPlaces, configuration: str) -> None:
    """Start a supervisor that outlives us, and wait until it can be spoken to.

    Args:
        places: Whose it is; their folders are there.
        configuration: What it is told.

    Raises:
        PipelineError: It ends at once, or cannot be spoken to.
    """
    places.looks.unlink(missing_ok=True)
    _write_whole(places.configuration, configuration)
    name, mark = places.mark
    variables = {**os.environ, name: mark, HOME_VARIABLE: str(places.home)}
    log = places.logs / "supervisord.log"
    said = places.logs / "start.log"
    with said.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-P", "-m", "supervisor.supervisord", "-c", str(places.configuration)],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + SPEAK_S
    while control.read_processes(places.socket) is None:
        if process.poll() is not None or time.monotonic() >= deadline:
            # After what is wrong, it says how to get help.
            words = [*read_tail(said, 2), "it printed nothing"][0]
            raise PipelineError(f"the supervisor does not run: {words}; see `{said}` and `{log}`")
        time.sleep(POLL_S)
