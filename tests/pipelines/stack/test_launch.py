"""What each service is started with."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Thread

import pytest

from pipelines.errors import PipelineError
from pipelines.label_studio.places import find_places
from pipelines.label_studio.process import claim, is_claimed, read_process
from pipelines.settings import Settings
from pipelines.stack.launch import launch
from pipelines.stack.places import find_stack_places
from tests.label_studio_server import free_port
from tests.pipelines.stack.test_health import answering

Started = tuple[list[str], Mapping[str, str]]
Look = Callable[[str, Settings], Started]


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Look:
    """Return what gives the command and the environment that a service would become."""
    monkeypatch.setenv("SERLOOP_LABEL_STUDIO__DATABASE", "postgresql://ann:sesame@db/labels")
    monkeypatch.setenv("PREFECT_API_URL", "https://team.example/api")
    # Becoming another program is the last thing that a process does; this one goes on.
    monkeypatch.setattr(os, "umask", lambda _: 0)
    monkeypatch.setattr(os, "chdir", lambda _: None)

    def launched(name: str, settings: Settings) -> Started:
        seen: list[Started] = []
        launch(name, settings, lambda command, variables: seen.append((command, variables)))
        return seen[0]

    return launched


def test_the_server_is_told_none_of_our_settings(look: Look, tmp_path: Path) -> None:
    """It listens on this machine alone, trusts its own pages alone, and has none of our secrets."""
    command, variables = look("prefect", Settings(home=tmp_path, stack={"prefect_port": 4321}))
    assert command[-6:] == ["server", "start", "--host", "127.0.0.1", "--port", "4321"]
    assert variables["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert "*" not in variables["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"]
    assert "sesame" not in str(variables)
    assert not any(name.startswith("SERLOOP_") for name in variables)


@pytest.mark.parametrize("name", ["worker", "gateway"])
def test_flows_find_our_server_and_our_settings(look: Look, tmp_path: Path, name: str) -> None:
    """Whatever server the environment named before; a worker begins once ours answers."""
    with answering(200, True) as port:
        _, variables = look(name, Settings(home=tmp_path, stack={"prefect_port": port}))
    assert variables["PREFECT_API_URL"] == f"http://127.0.0.1:{port}/api"
    assert "sesame" in variables["SERLOOP_LABEL_STUDIO__DATABASE"]


def test_a_worker_waits_for_its_server(look: Look, tmp_path: Path) -> None:
    """One that begins without it never hears that a run is to be cancelled."""
    settings = Settings(home=tmp_path, stack={"prefect_port": free_port()})
    started: list[Started] = []
    thread = Thread(target=lambda: started.append(look("worker", settings)))
    thread.start()
    thread.join(1.0)
    assert started == []
    with answering(200, True, port=settings.stack.prefect_port):
        thread.join(10.0)
    assert len(started) == 1


def test_label_studio_is_the_one_that_others_know(look: Look, tmp_path: Path) -> None:
    """It has its usual lock, login and process file, and carries the mark of the services."""
    settings = Settings(home=tmp_path, label_studio={"port": free_port(), "environment": tmp_path})
    command, variables = look("label-studio", settings)
    places = find_places(settings)
    assert command[:3] == [str(tmp_path / "bin" / "python"), "-m", "label_studio.server"]
    assert "--internal-host 127.0.0.1" in " ".join(command)
    name, mark = find_stack_places(settings).mark
    assert variables[name] == mark
    assert not any(name.startswith("SERLOOP_") for name in variables)
    process = read_process(places.process)
    assert process is not None
    assert (process.pid, process.is_alive()) == (os.getpid(), True)
    assert not is_claimed(places.lock)


def test_a_second_label_studio_of_a_home_is_refused(look: Look, tmp_path: Path) -> None:
    """The supervisor tries again until the first has ended."""
    settings = Settings(home=tmp_path)
    with (
        claim(find_places(settings).lock),
        pytest.raises(PipelineError, match="another Label Studio has this home"),
    ):
        look("label-studio", settings)


def test_an_unknown_service_is_refused(look: Look, tmp_path: Path) -> None:
    """The message names it."""
    with pytest.raises(PipelineError, match="`mail` is no service"):
        look("mail", Settings(home=tmp_path))
