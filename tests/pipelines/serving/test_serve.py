"""A server under load, while its model changes, and while it is stopped."""

import json
import signal
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from pipelines.errors import NothingToDoError, PipelineError
from pipelines.serving.load import load_recogniser
from pipelines.serving.serve import serve
from tests.pipelines.places import Trained
from tests.pipelines.serving.running import (
    Server,
    begin,
    crown,
    listen,
    put_twin,
    run_server,
    tone,
    wav,
)
from tests.running import wait_for


class Load:
    """Callers that ask one after the other until told to stop."""

    def __init__(self, server: Server, callers: int = 4) -> None:
        self.answers: list[tuple[int, str | None]] = []
        self._url = f"{server.url}/v1/recognise"
        self._is_over = threading.Event()
        self._pool = ThreadPoolExecutor(callers)
        self._callers = [self._pool.submit(self._ask) for _ in range(callers)]

    def _ask(self) -> None:
        body = wav(0.5)
        with httpx.Client(timeout=60) as client:
            while not self._is_over.is_set():
                answer = client.post(self._url, content=body)
                self.answers.append((answer.status_code, answer.json().get("model")))

    def end(self) -> None:
        """Stop; a connection that broke is raised here."""
        self._is_over.set()
        for caller in self._callers:
            caller.result()
        self._pool.shutdown()


def test_a_champion_takes_over_without_a_request_lost(crowned: Trained) -> None:
    """Under load, every request is answered 200, by the old model and then by the new one.

    A stream goes on with the model that it was begun with, and one begun later has the new one.
    """
    put_twin(crowned.settings, crowned.model_id, "successor")
    with run_server(crowned.settings, requests_per_min=1_000_000) as server:
        load = Load(server)
        with connect(server.stream_url) as socket:
            socket.send(begin())
            assert json.loads(socket.recv(timeout=60))["model"] == crowned.model_id
            crown(crowned.settings, "successor")
            wait_for(lambda: server.model() == "successor")
            socket.send(tone(0.5).tobytes())
            assert json.loads(socket.recv(timeout=60))["type"] == "moment"
        with connect(server.stream_url) as socket:
            socket.send(begin())
            assert json.loads(socket.recv(timeout=60))["model"] == "successor"
        wait_for(lambda: load.answers[-1][1] == "successor")
        load.end()
    told = Counter(load.answers)
    assert {status for status, _ in told} == {200}
    assert told.keys() == {(200, crowned.model_id), (200, "successor")}
    models = [model for _, model in load.answers]
    assert models[-1] == "successor"


def test_a_successor_that_cannot_be_loaded_is_told_and_the_old_goes_on(crowned: Trained) -> None:
    """Weights that are not those recorded never answer."""
    put_twin(crowned.settings, crowned.model_id, "forged", artifact_sha256="0" * 64)
    with run_server(crowned.settings) as server:
        crown(crowned.settings, "forged")
        wait_for(lambda: server.meter('swaps_total{outcome="failed"}') > 0)
        assert server.ask().json()["model"] == crowned.model_id
        assert f"{crowned.model_id} goes on" in server.log


def test_overload_is_answered_429_and_passes(crowned: Trained) -> None:
    """Far more callers than fit are told when to return; some are answered; it goes on after."""
    given = {"queue": 2, "requests_per_min": 1_000_000, "batch_clips": 2}
    with run_server(crowned.settings, **given) as server:
        load = Load(server, callers=24)
        wait_for(lambda: {status for status, _ in list(load.answers)} >= {200, 429})
        wait_for(lambda: len(load.answers) > 500)
        load.end()
        told = Counter(status for status, _ in load.answers)
        assert told.keys() == {200, 429}
        assert server.ask().is_success
        assert server.meter("clips_inside") == 0
        assert server.meter("body_bytes") == 0


def test_a_refusal_for_lack_of_room_says_when_to_return(crowned: Trained) -> None:
    """More clips than may wait get 429 with Retry-After, all of them or none."""
    with run_server(crowned.settings, queue=1) as server:
        files = [("file", (f"{number}.wav", wav(0.5))) for number in range(2)]
        refused = httpx.post(f"{server.url}/v1/recognise", files=files, timeout=30)
        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) >= 1
        assert server.ask().is_success


def test_waiting_clips_are_judged_together(crowned: Trained) -> None:
    """Callers at the same time share a batch."""
    with run_server(crowned.settings, batch_wait_ms=30_000, batch_clips=4) as server:
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: server.ask(), range(4)))
        assert all(answer.is_success for answer in answers)
        assert server.meter("batch_clips_count") < server.meter("batch_clips_sum")


def test_stopping_finishes_what_was_begun(crowned: Trained) -> None:
    """On SIGTERM requests inside are answered, streams told their last moments, and it ends 0."""
    given = {"requests_per_min": 1_000_000, "batch_wait_ms": 4000}
    with run_server(crowned.settings, **given) as server, ThreadPoolExecutor(3) as pool:
        with connect(server.stream_url) as socket:
            socket.send(begin())
            assert json.loads(socket.recv(timeout=60))["type"] == "ready"
            socket.send(tone(0.6).tobytes())
            wait_for(lambda: server.meter("streams") == 1)
            asked = [pool.submit(server.ask) for _ in range(3)]
            wait_for(lambda: server.meter("clips_inside") == 3)
            code = pool.submit(server.stop, signal.SIGTERM)
            told = listen(socket)
            assert socket.close_code == 1012
        assert [request.result().status_code for request in asked] == [200, 200, 200]
        assert code.result() == 0
        assert [said["type"] for said in told[-2:]] == ["moment", "end"]
        assert told[-1]["reason"] == "stopping"
        assert "Traceback" not in server.log


def test_a_taken_port_is_said_before_a_model_is_loaded(server: Server) -> None:
    """The message names the port and what to set."""
    settings = server.settings.model_copy(
        update={"serving": server.settings.serving.model_copy(update={"port": server.port})}
    )
    with pytest.raises(PipelineError, match=f"port {server.port}.*--port"):
        serve(settings)


def test_without_a_champion_there_is_a_remedy(trained: Trained) -> None:
    """A line without a champion says how to make one; several lines, how to name one."""
    with pytest.raises(NothingToDoError, match="serloop promote MODEL"):
        load_recogniser(trained.settings)
    assert load_recogniser(trained.settings, model_id=trained.model_id).line is None
    for line in ("north", "south"):
        crown(trained.settings, trained.model_id, line)
    with pytest.raises(NothingToDoError, match="`north`, `south`"):
        load_recogniser(trained.settings)
    assert load_recogniser(trained.settings, line="south").line == "south"


def test_only_one_thing_answers(trained: Trained) -> None:
    """A model and a bundle at once are a mistake."""
    with pytest.raises(PipelineError, match="not several"):
        load_recogniser(trained.settings, model_id=trained.model_id, bundle=Path("x"))
