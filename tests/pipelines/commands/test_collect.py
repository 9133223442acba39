"""`serloop collect` asks the server or reads a file, and never mistakes one for the other."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from annotation.testing import make_annotation, make_export
from pipelines.cli import app
from pipelines.settings import Settings
from tests.pipelines.collecting.asked_campaign import CAMPAIGN, write_campaign
from tests.pipelines.collecting.stand_in import StandIn, run_stand_in

KEY = "listen-00c0ffee"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """Run a stand-in that a campaign asks on, with one answer."""
    write_campaign(Settings(home=tmp_path / "home"), KEY)
    with run_stand_in() as stand_in:
        stand_in.open_project(KEY)
        stand_in.answer(stand_in.ask({"clip_id": "demo/a"}), "joy")
        monkeypatch.setenv("SERLOOP_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("SERLOOP_LABEL_STUDIO__URL", stand_in.url)
        monkeypatch.setenv("SERLOOP_LABEL_STUDIO__TOKEN", "0123456789abcdef")
        yield stand_in


def run(*arguments: str) -> Result:
    """Run the verb."""
    return CliRunner().invoke(app, ["collect", *arguments])


def test_a_campaign_is_collected_from_the_server(server: StandIn) -> None:
    """A program reads one row; what cannot be believed is said to a person as well."""
    server.answer(server.tasks[1][0], "rage")
    result = run("--campaign", CAMPAIGN, "--json")
    assert result.exit_code == 0, result.output
    (row,) = json.loads(result.stdout)
    assert (row["project"], row["added"], row["reasons"]) == (KEY, 1, "1 unknown_choice")
    assert f"quarantined, such as {KEY}/2: unknown_choice" in result.stderr
    (again,) = json.loads(run("--campaign", CAMPAIGN, "--full", "--json").stdout)
    assert (again["added"], again["is_full"]) == (0, True)


def test_what_a_full_reading_finds_is_said(server: StandIn) -> None:
    """Of clips whose tasks are gone nobody would know otherwise."""
    run("--campaign", CAMPAIGN)
    server.tasks[1].clear()
    told = run("--campaign", CAMPAIGN, "--full").stderr
    assert "1 clips have answers whose task is gone from Label Studio; they stand" in told


def test_the_same_runs_as_a_flow(server: StandIn) -> None:
    """Under the name of its stage."""
    from pipelines.flows import FLOWS

    assert "pull" in FLOWS
    assert FLOWS["pull"].name == "pull"
    assert server.projects == {1: KEY}


@pytest.mark.usefixtures("server")
def test_an_export_is_read_as_before(tmp_path: Path) -> None:
    """Whatever server there is."""
    path = tmp_path / "export.json"
    export = make_export([{"data": {"clip_id": "demo/b"}}], [[make_annotation(1, "calm")]])
    path.write_text(json.dumps(export), encoding="utf-8")
    result = run(str(path), "--corpus", "demo", "--project", "mine", "--json")
    assert json.loads(result.stdout)[0]["added"] == 1


MIXTURES = {
    "nothing": ((), "without a file, --campaign alone says what to collect"),
    "campaign-and-corpus": (("--campaign", "x", "--corpus", "y"), "--campaign alone"),
    "campaign-and-project": (("--campaign", "x", "--project", "y"), "--campaign alone"),
    "file-and-campaign": (("f.json", "--campaign", "x"), "`f.json` needs --corpus and --project"),
    "file-alone": (("f.json", "--corpus", "x"), "no --campaign"),
}


@pytest.mark.parametrize(("arguments", "message"), MIXTURES.values(), ids=MIXTURES)
def test_a_file_and_a_server_are_told_apart(arguments: tuple[str, ...], message: str) -> None:
    """One line says what is wrong and how both are collected."""
    result = run(*arguments)
    assert result.exit_code == 1
    assert message in result.stderr
    assert "serloop collect FILE --corpus NAME --project NAME" in result.stderr
