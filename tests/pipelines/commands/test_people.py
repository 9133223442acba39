"""`serloop people` on the command line."""

import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import app
from pipelines.label_studio.places import find_places
from pipelines.settings import Settings
from tests.pipelines.people.answered import ANN, CAMPAIGN, usual_votes, write_campaign

OK, FAILED, USAGE = 0, 1, 2


def serloop(*arguments: object) -> Result:
    """Run a verb of the group."""
    return CliRunner().invoke(app, ["people", *(str(argument) for argument in arguments)])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home with a campaign and no server, set in the environment."""
    write_campaign(Settings(home=tmp_path), *usual_votes())
    monkeypatch.setenv("SERLOOP_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("home")
def test_the_ledger_is_listed_without_a_server() -> None:
    """Votes and scores are there; addresses, which only the server has, are null."""
    listed = serloop("list", CAMPAIGN, "--json")
    assert listed.exit_code == OK
    row = next(row for row in json.loads(listed.stdout) if row["annotator"] == ANN)
    assert (row["votes"], row["address"], row["state"]) == (60, None, "no account")
    assert 0 < row["low"] < row["agreement"] < row["high"] < 1
    assert ANN in serloop("list", CAMPAIGN).stdout


def test_pages_are_printed_whole_and_written(home: Path) -> None:
    """One line each, in words for a person and as JSON for a program."""
    lines = serloop("pages", CAMPAIGN).stdout.splitlines()
    printed = dict(line.split("\t") for line in lines)
    assert printed[ANN].startswith("http://127.0.0.1:18090/me/")
    rows = json.loads(serloop("pages", CAMPAIGN, "--out", home / "pages", "--json").stdout)
    assert {row["annotator"]: row["url"] for row in rows} == printed
    assert all(Path(row["path"]).read_text().startswith("<!doctype html>") for row in rows)
    assert serloop("pages", CAMPAIGN, "--renew", ANN).exit_code == OK
    assert (
        dict(line.split("\t") for line in serloop("pages", CAMPAIGN).stdout.splitlines())[ANN]
        != printed[ANN]
    )


@pytest.mark.usefixtures("home")
def test_the_cap_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has reached it today."""
    monkeypatch.setenv("SERLOOP_PEOPLE__VOTES_PER_DAY", "500")
    shown = serloop("cap", CAMPAIGN, "--json")
    assert (shown.exit_code, json.loads(shown.stdout)) == (OK, [])


@pytest.mark.parametrize(
    "verb",
    [("add", "a@example.org"), ("invite",), ("deactivate", "a@b.cd"), ("reactivate", "a@b.cd")],
)
@pytest.mark.usefixtures("home")
def test_a_server_that_does_not_run_is_said(verb: tuple[str, ...]) -> None:
    """One line with the remedy, and exit code 1."""
    refused = serloop(*verb)
    assert refused.exit_code == FAILED
    assert "Label Studio is not running; run `serloop label-studio up`" in refused.stderr


def test_wrong_usage_is_refused_before_anything_is_made(home: Path) -> None:
    """A name for several, a file of passwords that is there already, a zone nobody knows."""
    assert serloop("add", "a@b.cd", "c@d.ef", "--name", "Ann").exit_code == USAGE
    there = home / "there.txt"
    there.write_text("mine")
    assert serloop("add", "a@b.cd", "--passwords", there).exit_code == USAGE
    assert there.read_text() == "mine"


@pytest.mark.usefixtures("home")
def test_an_unknown_time_zone_is_a_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2, with the setting's name."""
    monkeypatch.setenv("SERLOOP_PEOPLE__TIME_ZONE", "Mars/Base")
    refused = serloop("list", CAMPAIGN)
    assert refused.exit_code == USAGE
    assert "people.time_zone" in refused.stderr


@pytest.fixture
def online(home: Path, label_studio: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let this home reach a real server."""
    (home / "label-studio").symlink_to(find_places(label_studio).folder)
    section = label_studio.label_studio
    monkeypatch.setenv("SERLOOP_LABEL_STUDIO__ENVIRONMENT", str(section.environment))
    monkeypatch.setenv("SERLOOP_LABEL_STUDIO__PORT", str(section.port))
    return home


@pytest.mark.slow
def test_accounts_from_the_command_line(online: Path) -> None:
    """Made, listed, kept out, let in, invited; a password is printed once or written for one."""
    made = serloop("add", "cli@example.org", "--name", "Cli Ent")
    address, annotator, password = made.stdout.strip().split("\t")
    assert (address, len(password)) == ("cli@example.org", 16)
    file = online / "passwords.txt"
    quiet = serloop("add", "cli2@example.org", "cli@example.org", "--passwords", file)
    assert quiet.exit_code == FAILED
    assert "`cli@example.org`: has an account already" in quiet.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (written,) = file.read_text().splitlines()
    assert written.startswith("cli2@example.org\t")
    assert written.split("\t")[1] not in quiet.output
    rows = json.loads(serloop("deactivate", address, "--json").stdout)
    assert rows == [{"address": address, "annotator": annotator, "state": "deactivated"}]
    listed = {row["address"]: row for row in json.loads(serloop("list", CAMPAIGN, "--json").stdout)}
    assert (listed[address]["name"], listed[address]["state"]) == ("Cli Ent", "deactivated")
    assert serloop("reactivate", address).exit_code == OK
    invitation = json.loads(serloop("invite", "--json").stdout)["invitation"]
    assert "/user/signup/?token=" in invitation
    assert address in serloop("pages", CAMPAIGN).stdout
