"""Each section of the settings is looked at, and what is wrong is named with its remedy."""

import json
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from pipelines.backup.make import backup
from pipelines.doctor.data import check_backup, check_warehouse
from pipelines.doctor.encoder import check_encoder
from pipelines.doctor.finding import Finding
from pipelines.doctor.prefect_server import check_prefect
from pipelines.doctor.private import check_private_files
from pipelines.doctor.schedules import check_schedules
from pipelines.doctor.services import check_gateway, check_label_studio, check_services
from pipelines.feature_choice import ENCODER_KIND
from pipelines.gateway.places import find_gateway_places
from pipelines.label_studio.process import claim
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.label_studio_server import free_port
from warehouse.testing import make_rows

SILENT = SilentProgress()


def named(findings: Iterator[Finding]) -> dict[str, Finding]:
    """Return findings by subject; whatever is not fine has a remedy."""
    found = {finding.subject: finding for finding in findings}
    assert [item for item in found.values() if item.state != "ok" and not item.remedy] == []
    return found


@contextmanager
def answering(answers: dict[str, object]) -> Iterator[str]:
    """Serve JSON by path, 404 elsewhere; a path that names an integer answers with that status."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = answers.get(self.path, 404)
            body = json.dumps(said).encode()
            self.send_response(said if type(said) is int else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def prefect_answers(version: str, pool: object) -> dict[str, object]:
    """Return what a Prefect server says."""
    return {
        "/api/health": True,
        "/api/admin/version": version,
        "/api/work_pools/serloop": pool,
    }


@pytest.mark.parametrize(
    ("version", "pool", "told"),
    [
        ("3.1.0", {"status": "READY"}, ("prefect server", "broken", "older than ours")),
        ("99.0.0", {"status": "READY"}, ("prefect server", "ok", "Prefect 99.0.0")),
        ("99.0.0", {"status": "READY"}, ("work pool", "ok", "has a worker")),
        ("99.0.0", 404, ("work pool", "note", "there is no pool")),
        ("99.0.0", {"status": "NOT_READY"}, ("work pool", "broken", "no worker")),
        ("99.0.0", {"status": "READY", "is_paused": True}, ("work pool", "broken", "is paused")),
    ],
)
def test_prefect_is_asked(
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    version: str,
    pool: object,
    told: tuple[str, str, str],
) -> None:
    """A server that is too old, or for whom nobody works, is named."""
    with answering(prefect_answers(version, pool)) as address:
        monkeypatch.setenv("PREFECT_API_URL", f"{address}/api")
        found = named(check_prefect(settings))
    subject, state, words = told
    assert (found[subject].state, words in found[subject].detail) == (state, True)


def test_what_is_no_address_is_no_server(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """A word in the place of an address is told like a server that does not answer."""
    monkeypatch.setenv("PREFECT_API_URL", "prefect")
    assert named(check_prefect(settings))["prefect server"].state == "broken"


def test_schedules_that_mean_nothing_are_broken(tmp_path: Path) -> None:
    """Cron fields, time zones, folders and readers are each looked at."""
    good = Settings(home=tmp_path)
    assert {found.state for found in check_schedules(good)} == {"ok"}
    bad = Settings(
        home=tmp_path,
        schedule={
            "maintain": "at night",
            "ingest": {
                "gone": {"root": str(tmp_path / "gone")},
                "calls": {"root": str(tmp_path), "cron": "0 25 * * *"},
            },
        },
        people={"time_zone": "Mars/Olympus"},
    )
    found = list(check_schedules(bad))
    assert {item.state for item in found} == {"broken"}
    told = " ".join(f"{item.subject} {item.detail}" for item in found)
    for words in ("`at night`", "`0 25 * * *`", "schedule.ingest.gone", "Mars/Olympus", "calls"):
        assert words in told


def test_a_gate_that_nothing_can_pass_is_told(settings: Settings) -> None:
    """Three test speakers cannot show what a chance of 1 in 20 asks for."""
    config = json.dumps({"corpus": "calls", "test_speakers": ["a", "b", "c"]})
    with open_store(settings) as store:
        store.commit({"models": make_rows("models", model_id=["m"], config=[config])}, message="m")
    found = named(check_warehouse(settings))
    assert "3 test speakers" in found["gate of calls"].detail
    assert "0.125 or more" in found["gate of calls"].remedy
    assert found["weights"].state == "note"
    lenient = settings.model_copy(
        update={"gate": settings.gate.model_copy(update={"false_promotion": 0.125})}
    )
    assert "gate of calls" not in named(check_warehouse(lenient))


def test_backups_are_looked_at(settings: Settings, tmp_path: Path) -> None:
    """None, no folder, one on the same disk, one that cannot be written, and a damaged one."""

    def place(folder: Path) -> Settings:
        maintenance = settings.maintenance.model_copy(update={"backup": folder})
        return settings.model_copy(update={"maintenance": maintenance})

    assert named(check_backup(settings)) == {}
    open_store(settings).close()
    assert named(check_backup(settings))["backup"].state == "note"
    vault, file = tmp_path / "vault", tmp_path / "file"
    file.touch()
    assert named(check_backup(place(file / "vault")))["backup"].state == "broken"
    assert "there is none" in named(check_backup(place(vault)))["backup"].detail
    name = backup(settings, SILENT, folder=vault).name
    found = named(check_backup(place(vault)))
    assert (found["backup"].state, found["backup disk"].state) == ("ok", "note")
    (vault / "manifests" / f"{name}.json").write_text("{}")
    assert named(check_backup(place(vault)))["backup"].state == "broken"


def test_secrets_that_others_may_read_are_broken(settings: Settings) -> None:
    """Keys of the gateway, addresses of people and a token in a file."""
    token = settings.home / "token"
    with_token = settings.model_copy(
        update={"label_studio": settings.label_studio.model_copy(update={"token_file": token})}
    )
    files = [settings.home / "gateway" / "keys.json", settings.home / "people" / "a.json", token]
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
        path.chmod(stat.S_IRUSR | stat.S_IRGRP)
    found = list(check_private_files(with_token))
    assert [item.state for item in found] == ["broken"] * 3
    assert {item.remedy for item in found} == {f"run `chmod 600 {path}`" for path in files}
    for path in files:
        path.chmod(0o600)
    assert [item.state for item in check_private_files(with_token)] == ["ok"]


def test_an_encoder_that_is_not_there_is_told(settings: Settings, tmp_path: Path) -> None:
    """No name, a folder without weights, and one that would be downloaded; nothing is fetched."""

    def ask(encoder: str | None, models: Path | None = None) -> dict[str, Finding]:
        features = settings.features.model_copy(update={"kind": ENCODER_KIND, "encoder": encoder})
        update = {"features": features, "models": models}
        return named(check_encoder(settings.model_copy(update=update)))

    assert named(check_encoder(settings)) == {}
    assert ask(None)["encoder"].state == "broken"
    assert ask("openai/none-such")["encoder"].state == "note"
    (tmp_path / "empty").mkdir()
    assert "config.json" in ask("empty", tmp_path)["encoder"].detail
    assert ask("openai/none-such", tmp_path / "no")["models"].state == "broken"


@pytest.fixture
def quiet(tmp_path: Path) -> Settings:
    """Return settings whose ports nothing uses."""
    ports = [free_port() for _ in range(3)]
    return Settings(
        home=tmp_path / "home",
        stack={"prefect_port": ports[0]},
        label_studio={"port": ports[1]},
        gateway={"port": ports[2]},
    )


def test_a_port_in_use_is_told(quiet: Settings) -> None:
    """A program in the place of the gateway is in the way; the gateway itself is not."""
    assert "gateway" in named(check_services(quiet))["services"].detail
    with socket.create_server(("127.0.0.1", quiet.gateway.port)):
        found = named(check_services(quiet))["port of gateway"]
        assert (found.state, "SERLOOP_GATEWAY__PORT" in found.remedy) == ("broken", True)
        lock = find_gateway_places(quiet).lock
        lock.parent.mkdir(parents=True)
        lock.touch()
        with claim(lock) as held:
            assert held is not None
            assert named(check_services(quiet))["gateway"].state == "ok"


@pytest.mark.parametrize(
    ("host", "is_told"), [("127.0.0.1", False), ("::1", False), ("192.0.2.1", True), ("me", True)]
)
def test_who_can_reach_the_gateway_is_told(host: str, is_told: bool) -> None:
    """Other machines could read passwords on their way."""
    found = named(check_gateway(Settings(gateway={"host": host})))
    assert ("gateway.host" in found) == is_told


def test_label_studio_is_asked(tmp_path: Path) -> None:
    """One that refuses the token, does not answer, or of which the token is missing."""

    def ask(**section: str) -> Finding:
        return named(check_label_studio(Settings(home=tmp_path, label_studio=section)))[
            "label studio"
        ]

    assert list(check_label_studio(Settings(home=tmp_path))) == []
    answers: dict[str, object] = {
        "/api/version": {"release": "1.23.2"},
        "/api/current-user/whoami": 401,
    }
    with answering(answers) as url:
        found = ask(url=url, token="0" * 40)
        assert (found.state, "refuses our token" in found.detail) == ("broken", True)
        answers["/api/current-user/whoami"] = {"id": 1, "email": "ann@example.org"}
        assert "as ann@example.org" in ask(url=url, token="0" * 40).detail
        assert "TOKEN" in ask(url=url).remedy
    assert ask(url=f"http://127.0.0.1:{free_port()}", token="0" * 40).state == "broken"
