"""A real supervisor, with services that do nothing: started, killed, healed and ended."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.errors import PipelineError
from pipelines.label_studio.places import find_places
from pipelines.label_studio.process import claim
from pipelines.label_studio.server import down as label_studio_down
from pipelines.people_sections import LabelStudioSettings
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.stack import control, supervisor
from pipelines.stack.down import down
from pipelines.stack.members import end_members, find_members
from pipelines.stack.places import find_stack_places
from pipelines.stack.status import HEAL, read_stack
from tests.label_studio_server import free_port
from tests.pipelines.label_studio.conftest import make_environment
from tests.pipelines.stack.tiny import NAMES, build_tiny, run_all, tiny_settings, wait_for


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Return settings whose services do nothing; what is left of them is ended afterwards."""
    monkeypatch.setattr(supervisor, "build_configuration", build_tiny)
    found = tiny_settings(tmp_path)
    yield found
    end_members(find_stack_places(found), grace_s=0)


def start(settings: Settings) -> dict[str, int | None]:
    """Start everything, and return the processes."""
    supervisor.start(settings, SilentProgress())
    found = wait_for(settings, lambda seen: run_all(seen) and has_started_all(settings))
    return {name: item.pid for name, item in found.items()}


def has_started_all(settings: Settings) -> bool:
    """Return whether there is a supervisor, every service, and what each of them starts."""
    return len(find_members(find_stack_places(settings))) == 1 + 2 * len(NAMES)


def test_services_are_supervised_and_started_once(settings: Settings) -> None:
    """Starting them again leaves each as it is; only their owner may speak with the supervisor."""
    first = start(settings)
    assert start(settings) == first
    assert find_stack_places(settings).socket.stat().st_mode & 0o077 == 0


def test_a_killed_service_is_started_again(settings: Settings) -> None:
    """With another process, within seconds."""
    pid = start(settings)["worker"]
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for(settings, lambda found: run_all(found) and found["worker"].pid != pid)


def test_a_stopped_service_is_started_by_starting_all(settings: Settings) -> None:
    """Whoever ended it."""
    start(settings)
    control.stop(find_stack_places(settings).socket, "gateway", timeout_s=30)
    assert start(settings)["gateway"] is not None


def test_down_leaves_no_process(settings: Settings) -> None:
    """Not even those that services started in sessions of their own; again, nothing is there."""
    started = start(settings)
    done = down(settings)
    assert find_members(find_stack_places(settings)) == []
    assert dict(done.ended) == started
    assert done.strays == len(NAMES)
    assert down(settings).rows() == [{"service": "all", "done": "was not running", "pid": None}]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "halted"])
def test_down_leaves_no_process_of_a_lost_supervisor(settings: Settings, number: int) -> None:
    """Its children are found without it."""
    start(settings)
    places = find_stack_places(settings)
    os.kill(control.read_pid(places.socket), number)
    assert down(settings).strays >= 2 * len(NAMES)
    assert find_members(places) == []


def test_starting_heals_what_a_killed_supervisor_left(settings: Settings) -> None:
    """Until then the status says what to do; afterwards everything runs once."""
    before = start(settings)
    places = find_stack_places(settings)
    os.kill(control.read_pid(places.socket), signal.SIGKILL)
    states = {item.name: item for item in read_stack(settings)}
    assert (states["worker"].state, states["worker"].detail) == ("stopped", HEAL)
    after = start(settings)
    assert set(after.values()).isdisjoint(before.values())
    assert has_started_all(settings)


def test_everything_is_started_again_only_while_it_is_wanted(settings: Settings) -> None:
    """A watch that lost its supervisor does not bring back what somebody has ended."""
    before = start(settings)
    places = find_stack_places(settings)
    os.kill(control.read_pid(places.socket), signal.SIGKILL)
    assert supervisor.start_again(settings)
    assert set(start(settings).values()).isdisjoint(before.values())
    down(settings)
    assert not supervisor.start_again(settings)
    assert find_members(places) == []


def test_services_that_run_otherwise_are_left_alone(settings: Settings) -> None:
    """Other settings take effect after `serloop down`, and what is asked for is told."""
    first = start(settings)
    other = settings.model_copy(update={"gateway": tiny_settings(settings.home).gateway})
    with pytest.raises(PipelineError, match=r"with other settings \(`gateway: http.*serloop down"):
        supervisor.start(other, SilentProgress())
    assert start(settings) == first


def test_a_busy_port_is_told_before_anything_starts(settings: Settings, tmp_path: Path) -> None:
    """Nothing is written, nothing runs."""
    with (
        socket.create_server(("127.0.0.1", settings.gateway.port)),
        pytest.raises(PipelineError, match=r"of gateway is in use .* nothing was started"),
    ):
        supervisor.start(settings, SilentProgress())
    assert list(tmp_path.iterdir()) == []


def test_a_label_studio_that_runs_by_itself_is_told(tmp_path: Path) -> None:
    """It would hold the home and the port."""
    settings = Settings(home=tmp_path)
    with (
        claim(find_places(settings).lock),
        pytest.raises(PipelineError, match="run `serloop label-studio down`"),
    ):
        supervisor.start(settings, SilentProgress())


def test_a_supervised_label_studio_is_not_ended_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be started again at once; who asks is told what ends all of them, and that does."""
    monkeypatch.setattr(supervisor, "build_configuration", build_tiny)
    environment = make_environment(tmp_path / "environment", "works")
    settings = tiny_settings(tmp_path / "home").model_copy(
        update={"label_studio": LabelStudioSettings(environment=environment, port=free_port())}
    )
    try:
        supervisor.start(settings, SilentProgress())
        before = wait_for(settings, lambda found: found["label-studio"].pid is not None)
        with pytest.raises(PipelineError, match="`serloop down` ends all of them"):
            label_studio_down(settings)
        assert dict(down(settings).ended)["label-studio"] == before["label-studio"].pid
        assert label_studio_down(settings).done == "was not running"
    finally:
        end_members(find_stack_places(settings), grace_s=0)


def test_a_supervisor_that_cannot_run_says_why(settings: Settings) -> None:
    """Its own words are in the message."""
    places = find_stack_places(settings)
    places.logs.mkdir(parents=True)
    with pytest.raises(PipelineError, match=r"does not run: Error: not a valid boolean value"):
        supervisor.start_supervisor(places, "[supervisord]\nnodaemon = perhaps\n")
