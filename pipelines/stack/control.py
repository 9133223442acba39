"""Speak with the supervisor, over a socket of this machine that only its owner may enter."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from xmlrpc.client import Error, Fault, ServerProxy, Transport

from pipelines.errors import PipelineError

LOOK_S = 3.0
# What it answers when asked to start what runs, or to stop what does not.
ALREADY_STARTED, NOT_RUNNING = 60, 70


@dataclass(frozen=True)
class Process:
    """What the supervisor knows about a process.

    Args:
        name: The service it runs.
        state: `RUNNING`, `STARTING`, `BACKOFF`, `STOPPING`, `STOPPED`, `EXITED` or `FATAL`.
        pid: Its number; None while none runs.
        started: When it was started last, seconds since 1970.
        problem: Why it could not be started; empty if there is nothing to say.
    """

    name: str
    state: str
    pid: int | None
    started: float
    problem: str = ""


def read_processes(path: Path, *, timeout_s: float = LOOK_S) -> Mapping[str, Process] | None:
    """Return what is supervised, by name; None if no supervisor answers.

    Args:
        path: The supervisor's socket.
        timeout_s: Seconds to wait; one that takes longer counts as hung.
    """
    try:
        said: Any = _connect(path, timeout_s).supervisor.getAllProcessInfo()
    except (OSError, HTTPException, Error):
        return None
    return {item["name"]: _read(item) for item in said}


def read_pid(path: Path) -> int:
    """Return the process of the supervisor itself.

    Raises:
        PipelineError: It does not answer.
    """
    return int(_tell(path, "getPID", timeout_s=LOOK_S))


def start(path: Path, name: str) -> None:
    """Start a service unless it runs.

    Raises:
        PipelineError: The supervisor does not answer, or cannot.
    """
    _tell(path, "startProcess", name, False, timeout_s=LOOK_S)


def stop(path: Path, name: str, *, timeout_s: float) -> None:
    """End a service, and wait until its process is gone.

    Args:
        path: The supervisor's socket.
        name: The service.
        timeout_s: Seconds to wait.

    Raises:
        PipelineError: The supervisor does not answer, or cannot.
    """
    _tell(path, "stopProcess", name, True, timeout_s=timeout_s)


def shut_down(path: Path) -> None:
    """Have the supervisor end everything, and then itself.

    Raises:
        PipelineError: It does not answer.
    """
    _tell(path, "shutdown", timeout_s=LOOK_S)


def _tell(path: Path, what: str, *given: object, timeout_s: float) -> Any:  # noqa: ANN401 - as it answers
    try:
        return getattr(_connect(path, timeout_s).supervisor, what)(*given)
    except Fault as error:
        if error.faultCode not in {ALREADY_STARTED, NOT_RUNNING}:
            raise PipelineError(f"the supervisor cannot: {error.faultString}") from error
    except (OSError, HTTPException, Error) as error:
        raise PipelineError(
            f"the supervisor at `{path}` does not answer: {error}; run `serloop down`"
        ) from error


def _read(item: Mapping[str, Any]) -> Process:
    return Process(
        item["name"],
        item["statename"],
        item["pid"] or None,
        float(item["start"]),
        str(item["spawnerr"]),
    )


def _connect(path: Path, timeout_s: float) -> ServerProxy:
    return ServerProxy("http://supervisor/RPC2", transport=_Local(path, timeout_s))


class _Local(Transport):
    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__()
        self._path = path
        self._timeout_s = timeout_s

    def make_connection(self, host: Any) -> HTTPConnection:  # noqa: ANN401 - as it is there
        """Return a connection to the socket, whatever the host is called."""
        return _Connection(str(host), self._path, self._timeout_s)


class _Connection(HTTPConnection):
    def __init__(self, host: str, path: Path, timeout_s: float) -> None:
        super().__init__(host, timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        """Enter the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
