"""The server starts alone, ends as it is told, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from pipelines.errors import PipelineError
from pipelines.gateway.serve import serve
from pipelines.settings import Settings
from tests.label_studio_server import free_port
from tests.pipelines.gateway.running import Gateway
from tests.running import wait_for


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_it_is_told(gateway: Gateway, number: signal.Signals) -> None:
    """Both signals end it with exit code 0, and with it the processes that worked."""
    gateway.send()
    wait_for(lambda: gateway.counts() == (1, 1))
    assert gateway.process is not None
    children = _children(gateway.process.pid)
    assert children
    assert gateway.stop(number) == 0
    wait_for(lambda: not any(Path(f"/proc/{child}").exists() for child in children))
    assert gateway.log.endswith("ended\n")


def test_no_process_outlives_a_kill(gateway: Gateway) -> None:
    """Killed on the spot, it leaves nobody who works on a campaign."""
    assert gateway.process is not None
    children = _children(gateway.process.pid)
    gateway.kill()
    wait_for(lambda: not any(_is_alive(child) for child in children))


def test_a_second_gateway_of_a_home_is_refused(idle_gateway: Gateway) -> None:
    """Two would collect twice; the second says so before it listens."""
    settings = Settings(home=idle_gateway.home, gateway={"port": free_port()})
    with pytest.raises(PipelineError, match="another gateway has this home"):
        serve(settings)
    assert idle_gateway.is_well()


def test_a_taken_port_is_said_before_anything(tmp_path: Path) -> None:
    """Nothing is written to the home of a gateway that cannot listen, but its lock."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PipelineError, match=rf"cannot listen on 127.0.0.1 port {port}: Addr"):
            serve(Settings(home=tmp_path, gateway={"port": port}))
    assert [path.name for path in (tmp_path / "gateway").iterdir()] == ["gateway.lock"]


def test_an_address_of_another_machine_is_refused(tmp_path: Path) -> None:
    """The setting is named."""
    with pytest.raises(PipelineError, match=r"cannot listen on 192\.0\.2\.1 port"):
        serve(Settings(home=tmp_path, gateway={"host": "192.0.2.1", "port": free_port()}))
    with pytest.raises(PipelineError, match=r"`no\.such\.host\.invalid` is no address"):
        serve(Settings(home=tmp_path, gateway={"host": "no.such.host.invalid"}))


def test_it_listens_on_this_machine_alone(idle_gateway: Gateway) -> None:
    """No address but the one that was set answers."""
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.2", idle_gateway.port)) != 0


def _children(pid: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], check=True, capture_output=True, text=True
    )
    return [int(word) for word in listed.stdout.split()]


def _is_alive(pid: int) -> bool:
    """Return whether a process runs; one that has ended and waits to be buried does not."""
    state = Path(f"/proc/{pid}/stat")
    try:
        return state.read_text().rpartition(")")[2].split()[0] != "Z" and os.getpgid(pid) > 0
    except (FileNotFoundError, ProcessLookupError):
        return False
