"""A server in a process of its own, and callers that talk to it over real sockets."""

import io
import json
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
import soundfile
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from pipelines.registry.append import Change, append_change
from pipelines.settings import Settings
from pipelines.workspace import open_store
from ser.metrics.conformal import ConformalThresholds
from tests.running import WEB, RunningServer
from warehouse import Warehouse, queries
from warehouse.testing import make_rows

LINE = "synthetic"
Told = list[dict[str, Any]]
MAIN = "from pipelines.cli import main; main()"


def tone(seconds: float = 1.0, rate: int = 16000) -> npt.NDArray[np.int16]:
    """Return something loud enough to be taken for speech."""
    time_s = np.arange(round(seconds * rate)) / rate
    wave = np.sin(2 * np.pi * 220 * time_s) * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * time_s))
    return (8000 * wave).astype(np.int16)


def wav(seconds: float = 1.0, rate: int = 16000, form: str = "WAV") -> bytes:
    """Return such a sound as a file."""
    file = io.BytesIO()
    soundfile.write(file, tone(seconds, rate), rate, format=form)
    return file.getvalue()


def crown(settings: Settings, model_id: str, line: str = LINE) -> None:
    """Make a model champion without asking the gate."""
    change = Change("promoted", model_id, model_id, None, "test", "")
    with open_store(settings) as store:
        append_change(store, line, lambda _: change)


def put_twin(settings: Settings, model_id: str, name: str, **given: object) -> None:
    """Record a model's weights again, under another name."""
    with open_store(settings) as store:
        row = _row(store, model_id)
        table = row.schema.empty_table().from_pylist(
            [{**row.to_pylist()[0], "model_id": name, **given}], schema=row.schema
        )
        store.commit({"models": table}, message="twin")


def _row(store: Warehouse, model_id: str):
    models = queries.select_models(store)
    return models.filter([name == model_id for name in models["model_id"].to_pylist()])


def put_calibration(
    settings: Settings,
    model_id: str,
    name: str,
    *,
    coverage: float = 0.8,
    snapshot: int = 1,
    **limits: float,
) -> None:
    """Record how high scores may be, of each group named, alike for all classes."""
    with open_store(settings) as store:
        classes = _row(store, model_id)["classes"].to_pylist()[0]
        each = {group: (limit,) * len(classes) for group, limit in ({"all": 0.5} | limits).items()}
        found = ConformalThresholds("lac", coverage, "none", "speaker", each, 100, 10)
        rows = make_rows(
            "calibrations",
            calibration_id=[name],
            model_id=[model_id],
            thresholds=[json.dumps(found.document())],
            snapshot=[snapshot],
        )
        store.commit({"calibrations": rows}, message="calibrated")


@dataclass
class Server(RunningServer):
    """A running server.

    Args:
        settings: Its home and warehouse.
        options: Its section of settings.
        given: Options of its verb.
    """

    settings: Settings
    options: Mapping[str, object] = field(default_factory=dict)
    given: tuple[str, ...] = ()

    @property
    def log_file(self) -> Path:
        """Return where it logs to."""
        return self.settings.home / "serve.log"

    @property
    def stream_url(self) -> str:
        """Return where it hears streams."""
        return f"ws://127.0.0.1:{self.port}/v1/stream"

    def start(self) -> None:
        """Start it and wait until it answers."""
        told = {
            "SERLOOP_HOME": str(self.settings.home),
            "SERLOOP_WAREHOUSE__CATALOG": self.settings.catalog,
            "SERLOOP_WAREHOUSE__DATA_PATH": self.settings.data_path,
            "OMP_NUM_THREADS": "1",
            **{f"SERLOOP_SERVING__{name.upper()}": str(v) for name, v in self.options.items()},
        }
        command = [sys.executable, "-c", MAIN, "serve", "--port", str(self.port), *self.given]
        self.launch(command, told)

    def ask(self, content: bytes | None = None, **headers: str) -> httpx.Response:
        """Send a recording as a body."""
        body = wav() if content is None else content
        return WEB.post(f"{self.url}/v1/recognise", content=body, headers=headers)

    def meter(self, name: str) -> float:
        """Return a number of its metrics; 0 for what was never counted."""
        text = WEB.get(f"{self.url}/metrics").text
        found = [line for line in text.splitlines() if line.startswith(f"serloop_serving_{name} ")]
        return float(found[0].split()[-1]) if found else 0.0

    def model(self) -> str:
        """Return what answers."""
        found: str = WEB.get(f"{self.url}/v1/model").json()["model"]
        return found

    def connect(self, *, patience_s: float = 20.0) -> socket.socket:
        """Open a bare connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=patience_s)


@contextmanager
def run_server(settings: Settings, *given: str, **options: object) -> Iterator[Server]:
    """Run a server, ended afterwards."""
    server = Server(settings, options, given)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def read_to_end(connection: socket.socket) -> bytes:
    """Return everything that comes until the other end hangs up."""
    said = b""
    try:
        while chunk := connection.recv(65_536):
            said += chunk
    except ConnectionResetError:
        pass
    return said


def listen(socket: ClientConnection) -> Told:
    """Return everything that is told until the server hangs up."""
    told: Told = []
    try:
        while True:
            told.append(json.loads(socket.recv(timeout=60)))
    except ConnectionClosed:
        return told


def begin(**said: object) -> str:
    """Return the message that begins a stream."""
    return json.dumps({"type": "start", "sample_rate": 16000, **said})
