"""Which process the server is, told by more than its number, and how it is ended.

The server holds a lock for as long as it lives: the kernel drops it with the last process that
inherited it, whatever kills them. A number in a file may meanwhile be another program's, so a
process counts as ours only if it started when ours did.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from pipelines.errors import PipelineError

POLL_S = 0.1
KILL_S = 10.0
# Of a server that writes a database: nobody else reads what it makes.
UMASK = 0o077


@dataclass(frozen=True)
class ServerProcess:
    """The process a server was started as, the leader of its group.

    Args:
        pid: Its number.
        started: When it started, as the operating system tells it.
        port: Port it was told to listen on.
    """

    pid: int
    started: str
    port: int

    def is_alive(self) -> bool:
        """Return whether this very process still runs."""
        return read_start(self.pid) == self.started


def read_start(pid: int) -> str | None:
    """Return when a process started, different for each process that ever had its number.

    Args:
        pid: Number of the process.

    Returns:
        Text to compare; None if there is none, or it has ended and waits to be buried.
    """
    if sys.platform == "linux":
        return _read_proc(pid)
    asked = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    said = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603
    state, _, start = said.stdout.strip().partition(" ")
    return start.strip() or None if not state.startswith("Z") else None


def _read_proc(pid: int) -> str | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name, in brackets, may hold anything; after it come the state and 18 more before the time.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in {"Z", "X"} else f"{boot} {fields[19]}"


@contextmanager
def claim(lock: Path) -> Iterator[int | None]:
    """Hold a lock that a server started meanwhile inherits.

    Args:
        lock: Its file; made if it is missing.

    Yields:
        The lock as an open file; None if a server, or another call, has it.
    """
    import fcntl  # noqa: PLC0415 - does not exist everywhere

    lock.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield file
    finally:
        # Closed, never unlocked: unlocking would take it from the server that shares it.
        os.close(file)


def is_claimed(lock: Path) -> bool:
    """Return whether a server holds its lock; nothing is made by asking."""
    if not lock.exists():
        return False
    with claim(lock) as held:
        return held is None


def spawn(
    command: Sequence[str], variables: Mapping[str, str], *, lock: int, log: Path, folder: Path
) -> subprocess.Popen[bytes]:
    """Start a server in a process group of its own that outlives us.

    Args:
        command: What to run.
        variables: Its whole environment.
        lock: The claimed lock, which it inherits.
        log: Where what it prints goes; what the one before printed is kept beside it.
        folder: Where it runs.
    """
    if log.exists():
        log.replace(log.with_name(f"{log.name}.1"))
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(  # noqa: S603 - the environment's own interpreter
            command,
            env=dict(variables),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            pass_fds=(lock,),
            start_new_session=True,
            umask=UMASK,
        )
    finally:
        os.close(file)


def write_process(path: Path, process: ServerProcess) -> None:
    """Write down which process the server is, whole or not at all."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.write_text(json.dumps(asdict(process)), encoding="utf-8")
    unfinished.replace(path)


def read_process(path: Path) -> ServerProcess | None:
    """Return what was written down; None if nothing was, or it cannot be read."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return ServerProcess(int(said["pid"]), str(said["started"]), int(said["port"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def stop(process: ServerProcess, lock: Path, *, grace_s: float) -> None:
    """End a server and everything in its group, and wait until all of it is gone.

    Args:
        process: The server; nothing is done unless this very process runs.
        lock: What the server and its children hold.
        grace_s: Seconds in which it may end by itself before it is killed.

    Raises:
        PipelineError: If something of it still runs afterwards.
    """
    if not process.is_alive():
        return
    for number, patience_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, KILL_S)):
        # What is left of its group keeps the group's number from being given to others.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        deadline = time.monotonic() + patience_s
        while process.is_alive() or is_claimed(lock):
            if time.monotonic() >= deadline:
                break
            time.sleep(POLL_S)
        else:
            return
    raise PipelineError(
        f"process {process.pid} has been told to end, but something it started still holds "
        f"`{lock}`; `fuser {lock}` names it"
    )
