"""`serloop acquire` tells what a round could not have, and asks it all the same."""

import json

import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import app

OK, FAILED = 0, 1
QUOTA = ("--at-least", "speaker=2", "--budget", "2", "--votes-per-clip", "2")


@pytest.fixture
def serloop(trained, monkeypatch: pytest.MonkeyPatch):
    """Return the command line on a warehouse with a model that has scored the pool."""
    settings = trained.settings
    monkeypatch.setenv("SERLOOP_HOME", str(settings.home))
    monkeypatch.setenv("SERLOOP_WAREHOUSE__CATALOG", settings.catalog)
    monkeypatch.setenv("SERLOOP_WAREHOUSE__DATA_PATH", settings.data_path)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["acquire", "synthetic", *arguments])

    return run


def test_shortfalls_are_told_beside_the_table(serloop, trained) -> None:
    """On standard error, so that a pipe holds the round alone."""
    assert serloop(*QUOTA).exit_code == OK
    shown = serloop(*QUOTA, "--model", trained.model_id)
    assert shown.exit_code == OK
    assert "fewer clips than wanted: speaker `SYN" in shown.stderr
    assert "got 0 of 2 clips" in shown.stderr
    assert "fewer" not in shown.stdout


def test_a_program_gets_the_table_alone(serloop, trained) -> None:
    """Nothing but JSON."""
    serloop(*QUOTA)
    shown = serloop(*QUOTA, "--model", trained.model_id, "--json")
    assert json.loads(shown.stdout)[0]["round_id"] == "synthetic-001"
    assert "fewer" not in shown.stderr


@pytest.mark.parametrize(
    ("option", "value", "setting"),
    [
        ("--at-least", "mood=2", "rounds.at_least"),
        ("--audit-share", "2", "rounds.audit_share"),
        ("--listening-s", "0", "rounds.listening_s"),
        ("--annotators", "0", "rounds.annotators"),
    ],
)
def test_a_wrong_value_names_its_setting(serloop, option: str, value: str, setting: str) -> None:
    """Nothing is asked then."""
    shown = serloop(option, value)
    assert shown.exit_code != OK
    assert f"`{setting}`" in shown.stderr
