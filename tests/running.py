"""A server in a process of its own: started, waited for until it answers, and ended."""

import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.label_studio_server import free_port

ROOT = Path(__file__).parents[1]
START_S = 180.0
END_S = 60.0
# A client of its own per request reads all certificates anew, which is 20 ms of CPU per look;
# a connection that is kept could be one of a server that has been killed.
WEB = httpx.Client(limits=httpx.Limits(max_keepalive_connections=0), trust_env=False, timeout=60)


@dataclass(kw_only=True)
class RunningServer(ABC):
    """A server with `/health`, which logs to a file.

    Args:
        port: Its port.
        process: Its process, once it was started.
    """

    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def log_file(self) -> Path:
        """Return where it logs to."""

    @property
    def log(self) -> str:
        """Return what it has printed."""
        return self.log_file.read_text(encoding="utf-8")

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    def launch(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run a command beside the environment of this process, and wait until it answers."""
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **environment}, stdout=log, stderr=log
            )
        wait_for(self.is_well, START_S)

    def is_well(self) -> bool:
        """Return whether it answers."""
        assert self.process is not None
        assert self.process.poll() is None, self.log
        try:
            return WEB.get(f"{self.url}/health", timeout=30).is_success
        except httpx.TransportError:
            return False

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it as it should be ended; return its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(END_S)

    def kill(self) -> None:
        """Kill it on the spot, if it runs."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


def wait_for(is_so: Callable[[], object], patience_s: float = 120.0) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < deadline, f"{is_so} is not so after {patience_s} s"
        time.sleep(0.05)
