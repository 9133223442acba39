"""Services are asked how they are over HTTP."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from pipelines.settings import Settings
from pipelines.stack.control import Process
from pipelines.stack.health import Health, look
from pipelines.stack.looks import Looks
from pipelines.stack.services import Service
from tests.label_studio_server import free_port


@contextmanager
def answering(status: int, document: object, *, port: int = 0) -> Iterator[int]:
    """Answer every request alike; give the port."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Answers)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ask(port: int, *, timeout_s: float = 3.0) -> Health:
    """Ask a service at a port."""
    service = Service("gateway", None, f"http://127.0.0.1:{port}/health", Path("log"))
    return look(service, Settings(), timeout_s=timeout_s)


def ask_worker(port: int, *, started: float) -> Health:
    """Ask the server at a port how its worker is that was started at a time."""
    process = Process("worker", "RUNNING", 7, started)
    service = Service("worker", None, None, Path("log"))
    return look(service, Settings(stack={"prefect_port": port}), process)


def beat(ago_s: float) -> list[dict[str, str]]:
    """Return a worker that told so many seconds ago that it is there."""
    at = datetime.fromtimestamp(time.time() - ago_s, UTC)
    return [{"name": "serloop", "last_heartbeat_time": at.isoformat()}]


def test_one_that_answers_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever proxy the environment names."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with answering(200, {"status": "UP"}) as port:
        assert ask(port) == Health(True)


def test_one_that_refuses_is_not_well() -> None:
    """The detail names the address."""
    with answering(500, {}) as port:
        health = ask(port)
    assert health.is_well is False
    assert f"no answer at http://127.0.0.1:{port}/health" in health.detail


def test_one_that_takes_a_connection_and_is_silent_is_not_well() -> None:
    """As a halted process does, for which the kernel goes on taking connections."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert ask(silent.getsockname()[1], timeout_s=0.2).is_well is False


@pytest.mark.parametrize(
    ("ago_s", "age_s", "expected"),
    [(1, 60, True), (60, 300, False), (10, 2, False)],
    ids=["reports", "stopped reporting", "another process reported"],
)
def test_a_worker_is_well_while_it_reports(ago_s: float, age_s: float, expected: bool) -> None:
    """Its heartbeats must be of this process, and recent."""
    with answering(200, beat(ago_s)) as port:
        assert ask_worker(port, started=time.time() - age_s).is_well is expected


def test_a_worker_is_not_to_blame_for_its_server() -> None:
    """Where nobody can tell how it is, that is what is told."""
    assert ask_worker(free_port(), started=time.time() - 60).is_well is None


def test_a_worker_whose_pool_is_not_there_has_not_reported() -> None:
    """The first worker makes the pool."""
    with answering(404, {"detail": "Not found"}) as port:
        assert ask_worker(port, started=time.time()).detail == "has not reported yet"


def test_a_watch_is_well_while_it_looks() -> None:
    """Its looks must be recent, and its own."""
    service, now = Service("watch", None, None, Path("log")), time.time()
    process = Process("watch", "RUNNING", 7, now - 300)
    states = [
        look(service, Settings(), process, Looks(at)).is_well for at in (now, now - 120, now - 400)
    ]
    assert states == [True, False, False]
