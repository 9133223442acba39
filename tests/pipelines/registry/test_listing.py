"""Models with their states, and what happened to them, as tables and verbs."""

import json

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.errors import NothingToDoError
from pipelines.progress import SilentProgress
from pipelines.registry.change import promote, refuse
from pipelines.registry.listing import list_history, list_models
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.registry.lines_of_models import changes, put_models

SILENT = SilentProgress()


@pytest.fixture
def two_lines(settings: Settings) -> Settings:
    """Return a place with a champion in either of two lines."""
    put_models(settings, ["a", "b"])
    put_models(settings, ["d"], round_id="spring-001")
    promote(settings, SILENT, model_id="a", force=True, reason="first", actor="ann")
    promote(settings, SILENT, model_id="d", force=True, reason="first", actor="ann")
    refuse(settings, SILENT, model_id="b", reason="hums", actor="ben")
    return settings


def test_models_are_listed_with_state_and_reason(two_lines: Settings) -> None:
    """By line; a line can be chosen, and one that nobody knows is told with those there are."""
    with open_store(two_lines) as store:
        rows = list_models(store)
        assert [(row["line"], row["model_id"], row["state"]) for row in rows] == [
            ("calls", "a", "champion"),
            ("calls", "b", "refused"),
            ("spring", "d", "champion"),
        ]
        assert rows[1]["reason"] == "hums"
        assert [row["model_id"] for row in list_models(store, "spring")] == ["d"]
        with pytest.raises(NothingToDoError, match="`sping`; there are: `calls`, `spring`"):
            list_models(store, "sping")


def test_history_is_in_order(two_lines: Settings) -> None:
    """What happened, who did it and why."""
    with open_store(two_lines) as store:
        rows = list_history(store, "calls")
    assert [(row["change"], row["model_id"], row["actor"]) for row in rows] == [
        ("promoted", "a", "ann"),
        ("refused", "b", "ben"),
    ]


def test_verbs_tell_and_change(two_lines: Settings) -> None:
    """`models`, `promote` and `rollback` print JSON, and fail with one line and 1."""
    home, run = ["--home", str(two_lines.home)], CliRunner().invoke
    listed = json.loads(run(app, ["models", "calls", "--json", *home]).stdout)
    assert [row["state"] for row in listed] == ["champion", "refused"]
    forced = run(app, ["promote", "b", "--force", "--reason", "a demo", "--json", *home])
    assert json.loads(forced.stdout)["champion_id"] == "b"
    back = run(app, ["rollback", "calls", *home])
    assert back.stdout == "champion of `calls` is `a`, after `b`\n"
    failed = run(app, ["rollback", "calls", *home])
    assert failed.exit_code == 1
    assert "no champion before `a`" in failed.output
    assert changes(two_lines)[-1] == ("rolled_back", "b", "a")
    history = run(app, ["models", "calls", "--history", *home]).stdout
    assert "rolled_back" in history


def test_force_without_a_reason_fails_on_the_command_line(two_lines: Settings) -> None:
    """With one line, and nothing changes."""
    failed = CliRunner().invoke(app, ["promote", "b", "--force", "--home", str(two_lines.home)])
    assert (failed.exit_code, "needs a reason" in failed.output) == (1, True)
    assert changes(two_lines)[-1] == ("refused", "b", "a")
