"""A server is started once, known by its process and its token, and ended whole."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.errors import PipelineError
from pipelines.label_studio.connect import connect
from pipelines.label_studio.identity import read_login
from pipelines.label_studio.places import find_places
from pipelines.label_studio.process import (
    ServerProcess,
    claim,
    is_claimed,
    read_process,
    write_process,
)
from pipelines.label_studio.server import down, up
from pipelines.label_studio.status import read_status
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from tests.pipelines.label_studio.conftest import StandIn

SILENT = SilentProgress()


def test_up_starts_once_and_down_ends_it(stand_in: StandIn) -> None:
    """A second `up` finds the same process; `down` frees the port, and may be repeated."""
    settings = stand_in("works")
    first = up(settings, SILENT)
    assert (first.state, first.version, first.token_kind) == ("running", "1.23.2", "legacy")
    assert up(settings, SILENT) == first
    with connect(settings) as api:
        assert api.whoami().email == settings.label_studio.username
    stopped = down(settings)
    assert (stopped.done, stopped.pid) == ("stopped", first.pid)
    assert down(settings).done == "was not running"
    assert read_status(settings).state == "stopped"
    with socket.create_server(("127.0.0.1", settings.label_studio.port)):
        pass


def test_a_server_outlives_who_started_it_on_its_own_port(stand_in: StandIn) -> None:
    """With another port set meanwhile, it is found where it runs."""
    settings = stand_in("works")
    url = up(settings, SILENT).url
    other = settings.label_studio.model_copy(update={"port": 1})
    moved = settings.model_copy(update={"label_studio": other})
    assert read_status(moved).url == url
    assert up(moved, SILENT).url == url


def test_a_busy_port_is_refused_before_anything_is_made(stand_in: StandIn) -> None:
    """Neither an environment nor a login nor a database comes of it."""
    settings = stand_in("works")
    with (
        socket.create_server(("127.0.0.1", settings.label_studio.port)),
        pytest.raises(PipelineError, match="is in use by another program"),
    ):
        up(settings, SILENT)
    places = find_places(settings)
    assert [path.name for path in places.folder.iterdir()] == [places.lock.name]


REFUSED = {
    "crashes": r"ended while it started: .*disk I/O error; see `.*server.log`",
    "moves": "another program took http://127.0.0.1:.* meanwhile; stop that, or set",
    "knows another login": r"does not know our login \(401\)",
}


@pytest.mark.parametrize(("behaviour", "said"), REFUSED.items(), ids=REFUSED)
def test_a_server_that_is_not_ours_or_does_not_start_is_refused(
    stand_in: StandIn, behaviour: str, said: str
) -> None:
    """The message says what happened, and nothing is left running."""
    settings = stand_in(behaviour)
    with pytest.raises(PipelineError, match=said) as caught:
        up(settings, SILENT)
    assert not is_claimed(find_places(settings).lock)
    login = read_login(find_places(settings).login)
    assert login is not None
    assert login.token not in str(caught.value)


def test_a_slow_start_goes_on_without_us(stand_in: StandIn) -> None:
    """When patience ends the server is left alone: a new database may take it minutes."""
    settings = stand_in("hangs")
    with pytest.raises(PipelineError, match=r"within 1 s and goes on .*status` says when"):
        up(settings, SILENT, timeout_s=1)
    assert read_status(settings).state == "starting"
    assert down(settings).done == "stopped"


def test_down_ends_children_that_do_not_listen(stand_in: StandIn) -> None:
    """It returns when the last of the group is gone."""
    settings = stand_in("has a stubborn child")
    up(settings, SILENT)
    down(settings, grace_s=0.3)
    assert not is_claimed(find_places(settings).lock)


def test_a_stale_process_file_ends_nobody(stand_in: StandIn) -> None:
    """After a crash its number may be another program's, which `down` and `up` leave alone."""
    settings = stand_in("works")
    places = find_places(settings)
    places.folder.mkdir(parents=True)
    stranger = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True
    )
    try:
        write_process(places.process, ServerProcess(stranger.pid, "an earlier life", 1))
        assert down(settings).done == "was not running"
        write_process(places.process, ServerProcess(stranger.pid, "an earlier life", 1))
        assert up(settings, SILENT).pid != stranger.pid
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_server_without_its_process_file_is_not_guessed(stand_in: StandIn) -> None:
    """Without it nothing is killed, and the message says how to find it."""
    settings = stand_in("works")
    up(settings, SILENT)
    places = find_places(settings)
    kept = read_process(places.process)
    assert kept is not None
    places.process.unlink()
    with pytest.raises(PipelineError, match=r"does not say which process it is; `fuser .*lock`"):
        down(settings)
    assert kept.is_alive()
    write_process(places.process, kept)


def test_two_at_once_start_one(stand_in: StandIn) -> None:
    """While another `up` installs, the second says so."""
    settings = stand_in("works")
    with (
        claim(find_places(settings).lock),
        pytest.raises(PipelineError, match="another `serloop label-studio up` is at work"),
    ):
        up(settings, SILENT)


def test_somebody_elses_server_is_not_managed(tmp_path: Path) -> None:
    """Where an address is set, nothing is started or ended."""
    section = {"url": "https://labels.example.org", "token": "t"}
    settings = Settings(home=tmp_path, label_studio=section)
    with pytest.raises(PipelineError, match=r"`label-studio up` is for .* https://labels\.example"):
        up(settings, SILENT)
    with pytest.raises(PipelineError, match="not ours to manage; unset it"):
        down(settings)


def test_our_token_is_for_our_process_alone(stand_in: StandIn) -> None:
    """When ours has ended, whatever has its port is not shown the token."""
    settings = stand_in("works")
    up(settings, SILENT)
    down(settings)
    with pytest.raises(PipelineError, match="Label Studio is not running; run `serloop label-"):
        connect(settings)
