"""`serloop search` prints a table and a snippet, or JSON, or one line of what is wrong."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import app
from pipelines.settings import Settings


@pytest.fixture
def serloop(ingested: Settings, monkeypatch: pytest.MonkeyPatch):
    """Return the verb, pointed to the synthetic corpus and a small space."""
    path = Path("space.toml")
    path.write_text("[training]\nmixup = [0.0, 0.2]", encoding="utf-8")
    monkeypatch.setenv("SERLOOP_HOME", str(ingested.home))
    monkeypatch.setenv("SERLOOP_WAREHOUSE__CATALOG", ingested.catalog)
    monkeypatch.setenv("SERLOOP_WAREHOUSE__DATA_PATH", ingested.data_path)
    monkeypatch.setenv("SERLOOP_COMPUTE__PROCESSES", "1")
    monkeypatch.setenv("SERLOOP_TRAINING__UPDATES", "1")
    monkeypatch.setenv("SERLOOP_TRAINING__SPEED_PERTURBATION", "false")

    def run(*arguments: str) -> Result:
        common = ["--trials", "2", "--folds", "2", "--recipe", "round", "--space", str(path)]
        return CliRunner().invoke(app, ["search", "synthetic", *common, *arguments])

    return run


def test_people_read_a_table_and_what_to_do_next(serloop) -> None:
    """The trials, the snippet and the command that trains with it are on standard output."""
    result = serloop("--seed", "3")
    assert result.exit_code == 0, result.stderr
    assert "[training]\nmixup = 0." in result.stdout
    assert "serloop train synthetic --test-speakers SYN" in result.stdout
    assert "--recipe round --seed 3" in result.stdout


def test_programs_read_json(serloop) -> None:
    """The document holds every trial with its folds, the best one and the snippet."""
    result = serloop("--json", "--prune")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert [len(trial["fold_values"]) for trial in found["trials"]] == [2, 2]
    assert found["best"] in found["trials"]
    assert found["toml"].startswith("[training]\nmixup = ")


def test_a_wrong_space_is_one_line(serloop) -> None:
    """A misspelt name ends with 1 and the name that was meant."""
    Path("space.toml").write_text("[training]\nmixpu = [0.0]", encoding="utf-8")
    result = serloop()
    assert (result.exit_code, result.stdout) == (1, "")
    assert "did you mean `training.mixup`?" in result.stderr
