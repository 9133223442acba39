"""`serloop label-studio` on the command line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import app
from pipelines.label_studio.identity import read_login
from pipelines.label_studio.places import find_places
from tests.pipelines.label_studio.conftest import StandIn, stand_in

OK, FAILED, USAGE = 0, 1, 2
__all__ = ["stand_in"]


def serloop(*arguments: object) -> Result:
    """Run a verb of the group."""
    return CliRunner().invoke(app, ["label-studio", *(str(argument) for argument in arguments)])


@pytest.fixture
def home(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home whose server is a stand-in, set in the environment."""
    settings = stand_in("works")
    section = settings.label_studio
    monkeypatch.setenv("SERLOOP_HOME", str(settings.home))
    monkeypatch.setenv("SERLOOP_LABEL_STUDIO__ENVIRONMENT", str(section.environment))
    monkeypatch.setenv("SERLOOP_LABEL_STUDIO__PORT", str(section.port))
    return find_places(settings).folder


def test_the_day_of_a_server(home: Path) -> None:
    """Stopped, started, looked at, read, stopped: each says so, and by its exit code."""
    stopped = serloop("status", "--json")
    assert (stopped.exit_code, json.loads(stopped.stdout)["state"]) == (FAILED, "stopped")
    started = serloop("up")
    assert started.exit_code == OK
    assert "http://127.0.0.1:" in started.stdout
    assert str(home / "login.json") in started.stdout
    assert json.loads(serloop("status", "--json").stdout)["user"] == "admin@serloop.example"
    assert "Starting development server" in serloop("logs", "--lines", 100).stdout
    assert serloop("logs", "--lines", 0).stdout == ""
    ended = serloop("down", "--json")
    assert json.loads(ended.stdout)[0]["label studio"] == "stopped"


def test_secrets_are_printed_on_request_alone(home: Path) -> None:
    """Neither a table nor JSON nor a log holds password or token unless asked for."""
    verbs = (("up",), ("up", "--json"), ("status",), ("status", "--json"), ("logs",))
    said = "".join(serloop(*verb).output for verb in verbs)
    login = read_login(home / "login.json")
    assert login is not None
    assert login.token not in said
    assert login.password not in said
    asked = serloop("status", "--show-login").stdout
    assert f"password: {login.password}" in asked
    document = json.loads(serloop("status", "--show-login", "--json").stdout)
    assert (document["token"], document["state"]) == (login.token, "running")


def test_nothing_printed_yet_is_said(home: Path) -> None:
    """A home without a server has no log, which is no error."""
    assert not home.exists()
    shown = serloop("logs")
    assert (shown.exit_code, shown.stdout) == (OK, "")
    assert "it has printed nothing yet" in shown.stderr


@pytest.mark.parametrize("verb", [("up",), ("down",), ("logs",), ("status", "--show-login")])
def test_somebody_elses_server_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, verb: tuple[str, ...]
) -> None:
    """One line says why, with exit code 1."""
    monkeypatch.setenv("SERLOOP_LABEL_STUDIO__URL", "https://labels.example.org")
    monkeypatch.setenv("SERLOOP_LABEL_STUDIO__TOKEN", "hush")
    refused = serloop(*verb)
    assert refused.exit_code == FAILED
    assert f"`label-studio {' '.join(verb)}` is for a server of our own" in refused.stderr
    assert "hush" not in refused.output


UNUSABLE = {
    "url": "https://ann:HUSH@labels.example.org",
    "port": "0",
    "username": "nobody",
}


@pytest.mark.parametrize(("name", "value"), UNUSABLE.items(), ids=UNUSABLE)
def test_a_setting_that_cannot_be_used_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """The setting is named, and a password in an address is not repeated."""
    monkeypatch.setenv(f"SERLOOP_LABEL_STUDIO__{name.upper()}", value)
    refused = serloop("status")
    assert refused.exit_code == USAGE
    assert f"`label_studio.{name}`" in refused.stderr
    assert "HUSH" not in refused.output
