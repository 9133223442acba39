"""`serloop quarantine` and `serloop collect` on the command line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from annotation.testing import make_annotation, make_export
from pipelines.cli import app
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import queries

OK, FAILED = 0, 1


@pytest.fixture
def serloop(ingested: Settings, monkeypatch: pytest.MonkeyPatch):
    """Return the command line of a warehouse with the synthetic corpus."""
    monkeypatch.setenv("SERLOOP_HOME", str(ingested.home))
    monkeypatch.setenv("SERLOOP_WAREHOUSE__CATALOG", ingested.catalog)
    monkeypatch.setenv("SERLOOP_WAREHOUSE__DATA_PATH", ingested.data_path)

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


def save(settings: Settings, path: Path, *annotations: dict[str, object]) -> Path:
    """Write an export about a clip of the corpus."""
    with open_store(settings) as store:
        clip_id = queries.select_clips(store)["clip_id"][0].as_py()
    export = make_export([{"data": {"clip_id": clip_id}}], [annotations])
    path.write_text(json.dumps(export), encoding="utf-8")
    return path


def test_what_was_refused_can_be_listed(serloop, ingested: Settings, tmp_path: Path) -> None:
    """Collecting tells an example of each reason; the verb shows counts, meaning and rows."""
    path = save(ingested, tmp_path / "e.json", *(make_annotation(n, "rage") for n in (1, 2, 3)))
    collected = serloop("collect", path, "--corpus", "synthetic", "--project", "p")
    assert collected.exit_code == OK
    assert "quarantined, such as p/1: unknown_choice: `rage`" in collected.stderr
    shown = serloop("quarantine", "--limit", "2")
    assert shown.exit_code == OK
    assert "was not on offer" in shown.stdout
    assert "p/2" in shown.stdout
    assert "p/3" not in shown.stdout
    assert "2 of 3 rows" in shown.stdout
    document = json.loads(serloop("quarantine", "--source", "label-studio", "--json").stdout)
    assert [row["source_ref"] for row in document["rows"]] == ["p/1", "p/2", "p/3"]
    assert [(row["reason"], row["rows"]) for row in document["reasons"]] == [("unknown_choice", 3)]


def test_nothing_refused_is_said(serloop) -> None:
    """A clean warehouse prints a sentence for a person, and JSON for a program."""
    assert "nothing is quarantined" in serloop("quarantine").stdout
    assert json.loads(serloop("quarantine", "--json").stdout) == {"reasons": [], "rows": []}
    wrong = serloop("quarantine", "--reason", "rage", "--json")
    assert (wrong.exit_code, wrong.stdout) == (FAILED, "")
    assert "got 'rage'" in wrong.stderr


def test_full_withdraws_what_the_export_lacks(serloop, ingested: Settings, tmp_path: Path) -> None:
    """Without the option the same export withdraws nothing."""
    command = ("--corpus", "synthetic", "--project", "p", "--json")
    later = {"updated_at": "2026-11-23T10:00:00Z"}
    both = [make_annotation(1, "anger"), make_annotation(2, "anger", user=2) | later]
    serloop("collect", save(ingested, tmp_path / "e.json", *both), *command)
    path = save(ingested, tmp_path / "e.json", both[1])
    (kept,) = json.loads(serloop("collect", path, *command).stdout)
    (gone,) = json.loads(serloop("collect", path, *command, "--full").stdout)
    assert (kept["retracted"], gone["retracted"], gone["added"]) == (0, 1, 1)
