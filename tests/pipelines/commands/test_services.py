"""`serloop up`, `serloop down` and `serloop services` on the command line, where nothing runs."""

import json
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import app

OK, FAILED, USAGE = 0, 1, 2


def serloop(*arguments: object) -> Result:
    """Run a verb."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_status_says_that_nothing_runs(tmp_path: Path) -> None:
    """A program reads the states, and a shell the exit code."""
    told = serloop("services", "status", "--home", tmp_path, "--json")
    assert told.exit_code == FAILED
    assert {row["state"] for row in json.loads(told.stdout)} == {"stopped"}


def test_down_of_nothing_is_no_failure(tmp_path: Path) -> None:
    """It is what was wanted."""
    done = serloop("down", "--home", tmp_path, "--json")
    assert done.exit_code == OK
    assert json.loads(done.stdout)[0]["done"] == "was not running"


def test_up_names_a_busy_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line with the setting to change, and exit code 1."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("SERLOOP_STACK__PREFECT_PORT", str(other.getsockname()[1]))
        refused = serloop("up", "--home", tmp_path)
    assert refused.exit_code == FAILED
    assert "SERLOOP_STACK__PREFECT_PORT" in refused.stderr


def test_up_refuses_a_time_that_is_none(tmp_path: Path) -> None:
    """Before anything is looked at."""
    assert serloop("up", "--timeout", "soon", "--home", tmp_path).exit_code == USAGE


def test_logs_of_what_never_ran(tmp_path: Path) -> None:
    """What to do is told instead."""
    told = serloop("services", "logs", "worker", "--home", tmp_path)
    assert told.exit_code == OK
    assert "`serloop up` starts it" in told.stderr
    assert serloop("services", "logs", "mail").exit_code == USAGE


def test_logs_of_a_service(tmp_path: Path) -> None:
    """The newest lines of what it printed."""
    log = tmp_path / "stack" / "logs" / "worker.log"
    log.parent.mkdir(parents=True)
    log.write_text("one\ntwo\nthree\n", encoding="utf-8")
    told = serloop("services", "logs", "worker", "--lines", 2, "--home", tmp_path)
    assert told.stdout == "two\nthree\n"
