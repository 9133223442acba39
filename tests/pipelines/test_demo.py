"""The demo runs the whole loop and says what it showed."""

import re
import sys
from pathlib import Path

import pytest
import typer

from pipelines.cli import app
from pipelines.demo import demo, demo_home, next_steps
from pipelines.errors import PipelineError
from pipelines.progress import SilentProgress
from pipelines.runner import DirectRunner
from pipelines.settings import Settings
from pipelines.synthesise import synthesise
from ser.errors import CorpusError

SILENT = SilentProgress()


def test_it_ends_with_a_table_of_both_arms_and_a_report(campaign_once) -> None:
    """One row per round, one column per arm, and a page to look at."""
    result = campaign_once.result
    rows = result.rows()
    assert [row["round"] for row in rows] == [0, 1]
    assert all(0 <= row[f"{arm}_uar"] <= 1 for row in rows for arm in ("active", "random"))
    assert Path(result.report).read_text(encoding="utf-8").startswith("<!doctype html>")


def test_synthetic_speech_is_called_synthetic(campaign_once) -> None:
    """Nobody takes the demo's numbers for those of people."""
    text = next_steps(campaign_once.result, campaign_once.settings)
    assert campaign_once.result.is_synthetic
    assert "synthetic speech; simulated annotators" in re.sub(r"\s+", " ", text)


def test_the_next_steps_are_verbs_that_exist(campaign_once, monkeypatch) -> None:
    """What the demo tells you to type can be typed, also where `serloop` is on no path."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "argv", [str(Path.cwd() / ".venv" / "bin" / "serloop")])
    text = next_steps(campaign_once.result, campaign_once.settings)
    verbs = set(re.findall(r"serloop ([a-z]+)", text))
    assert ".venv/bin/serloop status" in text
    assert verbs <= set(typer.main.get_command(app).commands)
    assert campaign_once.result.report in text


def test_a_real_corpus_needs_its_folder(settings: Settings) -> None:
    """The message says what to type."""
    with pytest.raises(PipelineError, match=r"make demo CORPUS=ravdess DATA=path"):
        demo(DirectRunner(settings, SILENT), corpus="ravdess")


def test_it_never_writes_where_real_work_is(tmp_path: Path) -> None:
    """Each corpus has a demo folder of its own, unless you name one."""
    assert demo_home(None, "synthetic") != demo_home(None, "ravdess") != Settings().home
    assert demo_home(tmp_path, "ravdess") == tmp_path


def test_synthesised_speech_is_kept(settings: Settings, tmp_path: Path) -> None:
    """A finished corpus is not written again, and no other one over it."""
    size = {"root": tmp_path / "speech", "speakers": 1, "sentences": 1}
    assert synthesise(settings, SILENT, **size).clips == 6
    times = {path: path.stat().st_mtime_ns for path in size["root"].rglob("*.wav")}
    assert synthesise(settings, SILENT, **size).clips == len(times) == 6
    assert times == {path: path.stat().st_mtime_ns for path in size["root"].rglob("*.wav")}
    with pytest.raises(CorpusError, match="holds a synthetic corpus with parameters"):
        synthesise(settings, SILENT, **size | {"speakers": 2})
