"""The services that `serloop up` runs, as their users meet them: by command line and over HTTP."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

from pipelines.answer_online import answer_online
from pipelines.label_studio.places import HOST
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.end_to_end.runs import Run
from tests.label_studio_server import ENVIRONMENT, free_port, warm_settings
from warehouse import queries

T = TypeVar("T")
PATIENCE_S = 300.0
# Six speakers are too few for any p below .03, so the gate's limit is set where it can be met.
TOML = """
[training]
updates = 40
batch_size = 16
speed_perturbation = false

[compute]
processes = 1

[rounds]
budget = 12
votes_per_clip = 3
aggregator = "majority"

[gate]
false_promotion = 0.5

[schedule]
round_votes = 10
collect_min = 1

[schedule.ingest.synthetic]
root = "{root}"
cron = "* * * * *"

[stack]
prefect_port = {prefect}

[gateway]
port = {gateway}
poll_s = 5

[label_studio]
port = {label_studio}
environment = "{environment}"
"""


@dataclass(frozen=True)
class Services:
    """One machine on which `serloop up` was called.

    Args:
        folder: Where it was called; `serloop.toml` lies there, and everything is written below.
        settings: What that file says.
    """

    folder: Path
    settings: Settings

    def serloop(self, *arguments: object, code: int = 0) -> str:
        """Run a verb there and return what it printed."""
        return Run(self.folder, *arguments).finish(code)

    @property
    def api(self) -> str:
        """Return the address of Prefect's API."""
        return f"http://{HOST}:{self.settings.stack.prefect_port}/api"

    def ask_prefect(self, path: str, **filters: object) -> Any:
        """Return what Prefect answers to a filter."""
        answer = httpx.post(f"{self.api}/{path}", json=filters, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def flow_runs(self, deployment: str) -> list[dict[str, Any]]:
        """Return the runs of a deployment, the newest first."""
        return self.ask_prefect(
            "flow_runs/filter",
            deployments={"name": {"any_": [deployment]}},
            sort="EXPECTED_START_TIME_DESC",
        )

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Return the rows of a table of the warehouse."""
        with open_store(self.settings) as store:
            return getattr(queries, f"select_{table}")(store).to_pylist()

    def answer(self, campaign: str) -> int:
        """Let annotators answer what is open, each as a user of Label Studio."""
        return answer_online(self.settings, SilentProgress(), campaign=campaign).answers

    def wait_for(self, look: Callable[[], T], patience_s: float = PATIENCE_S) -> T:
        """Return what is seen once there is something to see."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            # A service that was killed refuses for a moment.
            with suppress(httpx.TransportError):
                if found := look():
                    return found
            time.sleep(1.0)
        raise AssertionError(f"nothing came of {look} in {patience_s:.0f} s")

    def processes(self) -> list[psutil.Process]:
        """Return every process that belongs here: by what it was called with, or where it runs."""
        home, found = str(self.settings.home), []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                said = [*process.cmdline(), process.cwd(), *process.environ().values()]
                if process.pid != os.getpid() and any(home in text for text in said):
                    found.append(process)
        return found

    def ports_in_use(self) -> list[int]:
        """Return which ports of the services somebody listens on."""
        given = self.settings
        ports = (given.stack.prefect_port, given.gateway.port, given.label_studio.port)
        return [port for port in ports if _is_taken(port)]


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


@contextmanager
def prepare(folder: Path, corpus: Path) -> Iterator[Services]:
    """Write the settings of services that a schedule lets ingest a corpus; end them afterwards."""
    home = folder / ".serloop"
    warm = warm_settings(home)
    (folder / "serloop.toml").write_text(
        TOML.format(
            root=corpus,
            prefect=free_port(),
            gateway=free_port(),
            label_studio=warm.label_studio.port,
            environment=ENVIRONMENT,
        ),
        encoding="utf-8",
    )
    here = Path.cwd()
    os.chdir(folder)
    try:
        yield Services(folder, Settings(home=home))
    finally:
        Run(folder, "down").process.wait(120)
        os.chdir(here)


def kill(process: psutil.Process) -> None:
    """End a process as a machine that runs out of memory does."""
    with suppress(psutil.NoSuchProcess):
        process.send_signal(signal.SIGKILL)
