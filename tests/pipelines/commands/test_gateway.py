"""`serloop gateway` on the command line."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import app
from tests.label_studio_server import free_port
from tests.pipelines.gateway.running import open_campaign

OK, FAILED, USAGE = 0, 1, 2
PROGRAM = Path(sys.executable).with_name("serloop")


def serloop(*arguments: object) -> Result:
    """Run the verb."""
    return CliRunner().invoke(app, ["gateway", *(str(argument) for argument in arguments)])


def test_a_taken_port_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    """The option wins over the setting, and the remedy is named."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = serloop("--home", tmp_path, "--port", port)
    assert refused.exit_code == FAILED
    assert f"cannot listen on 127.0.0.1 port {port}" in refused.stderr
    assert "SERLOOP_GATEWAY__PORT or --port" in refused.stderr


@pytest.mark.parametrize("port", ["0", "70000", "http"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    """The usage is shown."""
    assert serloop("--port", port).exit_code == USAGE


def test_options_of_the_server_are_none_of_connecting() -> None:
    """A port before `connect` would be dropped without a word."""
    refused = serloop("--port", 18091, "connect", "demo")
    assert refused.exit_code == USAGE
    assert "give options after `connect`" in refused.stderr


def test_connecting_needs_a_project_and_a_server(tmp_path: Path) -> None:
    """What is missing is said, with what makes it."""
    refused = serloop("connect", "demo", "--home", tmp_path)
    assert refused.exit_code == FAILED
    assert "campaign `demo` has no project" in refused.stderr
    open_campaign(tmp_path)
    refused = serloop("connect", "00c0ffee", "--home", tmp_path)
    assert refused.exit_code == FAILED
    assert "serloop label-studio up" in refused.stderr


def test_it_says_where_it_is_and_ends_at_ctrl_c(tmp_path: Path) -> None:
    """The address and the file of the secrets are shown, the secrets are not."""
    port = free_port()
    command = [PROGRAM, "gateway", "--home", str(tmp_path), "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    keys = tmp_path / "gateway" / "keys.json"
    assert first == f"gateway: http://127.0.0.1:{port}, secrets in {keys}\n"
    assert process.returncode == OK
    assert not any(secret in first + rest for secret in re.findall(r'": "(.*)"', keys.read_text()))


def test_help_loads_no_server() -> None:
    """Whoever looks for a verb need not wait for what one of them runs."""
    code = (
        "import sys; sys.argv = ['serloop', 'gateway', '--help']\n"
        "from pipelines.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "names = {'fastapi', 'starlette', 'uvicorn', 'duckdb', 'httpx'}\n"
        "print('loaded', sorted(names & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded []"
