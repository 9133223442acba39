"""A search tries settings on training speakers, survives being killed, and ends in advice."""

import os
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.errors import NothingToDoError
from pipelines.models import require_model
from pipelines.progress import SilentProgress
from pipelines.search import SearchResult, search
from pipelines.settings import Settings, load_settings
from pipelines.trials import COMPLETE, FAILED
from pipelines.workspace import open_store
from tests.pipelines.places import borrow
from warehouse import queries

SPACE = """
[training]
learning_rate = { low = 1e-4, high = 1e-2, log = true }
label_smoothing = { low = 0.0, high = 0.2 }
"""
CODE = "from pipelines.cli import main; main()"


@pytest.fixture(scope="session")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a small space."""
    path = tmp_path_factory.mktemp("space") / "space.toml"
    path.write_text(SPACE, encoding="utf-8")
    return path


def look(settings: Settings, space: Path, **parameters) -> SearchResult:
    """Search for a moment on the synthetic corpus."""
    given = {"trials": 6, "folds": 2, "recipe": "round"} | parameters
    return search(settings, SilentProgress(), corpus="synthetic", space=space, **given)


def told(result: SearchResult) -> list[object]:
    """Return the trials of a search without the time they took."""
    return [replace(trial, seconds=0.0) for trial in result.trials]


@pytest.fixture(scope="module")
def undisturbed(
    ingested_once: Settings, space: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Settings, SearchResult]:
    """Search once, at a stretch; for reading and borrowing only."""
    settings = borrow(ingested_once, tmp_path_factory.mktemp("searched"))
    return settings, look(settings, space)


def test_the_best_trial_is_named(undisturbed) -> None:
    """It is the one with the highest mean UAR, and what was set before is told beside it."""
    _, result = undisturbed
    objectives = [trial.objective for trial in result.trials]
    assert [trial.number for trial in result.trials] == list(range(6))
    assert result.best.objective == max(objectives)
    assert result.baseline == objectives[0]
    assert result.rows()[0]["trial"] == result.best.number
    assert f"trial {result.best.number} is the best of 6" in result.advice()


def test_trials_leave_no_model(undisturbed) -> None:
    """Trials are rows of their own; no weights and no unfinished training stay behind."""
    settings, _ = undisturbed
    with open_store(settings) as store:
        counts = queries.count_rows(store)
        assert store.check() == []
    assert (counts["trials"], counts["models"]) == (6, 0)
    assert not settings.artifacts.exists()


def test_a_finished_search_is_not_run_again(undisturbed, space: Path) -> None:
    """Asked again, it answers from what is stored, and commits nothing."""
    settings, result = undisturbed
    with open_store(settings) as store:
        before = store.snapshot
    assert look(settings, space) == result
    with open_store(settings) as store:
        assert store.snapshot == before


def test_test_speakers_are_never_read(undisturbed, ingested: Settings, space: Path) -> None:
    """A search does the same where the features of test speakers are gone."""
    _, result = undisturbed
    with open_store(ingested) as store:
        clips = queries.select_clips(store, corpus="synthetic").to_pylist()
        gone = [row["clip_id"] for row in clips if row["speaker"] in result.test_speakers]
        store._connection.execute("DELETE FROM features WHERE list_contains($1, clip_id)", [gone])
        assert len(gone) == 12
    assert told(look(ingested, space)) == told(result)


@pytest.mark.slow
def test_processes_do_not_matter(undisturbed, ingested: Settings, space: Path) -> None:
    """Two processes propose and find what one does."""
    _, result = undisturbed
    compute = ingested.compute.model_copy(update={"processes": 2})
    # The last trial is alone in its generation, for which no process is started.
    both = look(ingested.model_copy(update={"compute": compute}), space, trials=5)
    assert told(both) == told(result)[:5]


def wait_for_trials(settings: Settings, count: int, process: "subprocess.Popen[bytes]") -> None:
    """Return as soon as so many trials are stored."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        assert process.poll() is None, "the search ended before it could be killed"
        with open_store(settings) as store:
            if queries.count_rows(store)["trials"] >= count:
                return
        time.sleep(0.2)
    pytest.fail(f"no {count} trials within 120 s")


@pytest.mark.slow
@pytest.mark.parametrize(
    "count",
    [
        pytest.param(1, id="first-generation"),
        pytest.param(5, id="second-generation", marks=pytest.mark.slow),
    ],
)
def test_a_killed_search_goes_on_as_if_nothing_had_happened(
    undisturbed, ingested: Settings, space: Path, count: int
) -> None:
    """Killed with -9 amid a generation, it ends with the trials of an undisturbed one."""
    _, result = undisturbed
    asked = f"search synthetic --trials 40 --folds 2 --recipe round --space {space}"
    settings = {
        "SERLOOP_HOME": str(ingested.home),
        "SERLOOP_WAREHOUSE__CATALOG": ingested.catalog,
        "SERLOOP_WAREHOUSE__DATA_PATH": ingested.data_path,
        "SERLOOP_COMPUTE__PROCESSES": "1",
        "SERLOOP_TRAINING__UPDATES": "2",
        "SERLOOP_TRAINING__BATCH_SIZE": "16",
        "SERLOOP_TRAINING__SPEED_PERTURBATION": "false",
    }
    command = [sys.executable, "-c", CODE, *asked.split()]
    with subprocess.Popen(command, env={**os.environ, **settings}, stderr=-3, stdout=-3) as process:
        try:
            wait_for_trials(ingested, count, process)
        finally:
            process.send_signal(signal.SIGKILL)
    with open_store(ingested) as store:
        stored = queries.select_trials(store)
    assert stored["study"].unique().to_pylist() == [result.study]
    assert count <= stored.num_rows < 40
    assert told(look(ingested, space))[:6] == told(result)


def test_time_runs_out(ingested: Settings, space: Path) -> None:
    """No trial is begun after the last second, and a search without any says so."""
    with pytest.raises(NothingToDoError, match=r"none of the 0 trials .* give it more seconds"):
        look(ingested, space, seconds=0.0)
    assert len(look(ingested, space, trials=5, seconds=600.0).trials) == 5


def test_failed_trials_are_told_and_passed_over(ingested: Settings, tmp_path: Path) -> None:
    """Values that make no network cost a trial, and nothing but such values ends in an error."""
    path = tmp_path / "odd.toml"
    path.write_text('[network]\nchannels = ["8,16", "8,16,32,48"]', encoding="utf-8")
    result = look(ingested, path)
    states = {trial.parameters["network.channels"]: trial.state for trial in result.trials}
    assert states == {"8,16": FAILED, "8,16,32,48": COMPLETE}
    path.write_text('[network]\nchannels = ["8,16"]', encoding="utf-8")
    with pytest.raises(NothingToDoError, match=r"none of the 2 trials .*: .*`channels`"):
        look(ingested, path, trials=2)


def test_the_snippet_is_what_a_training_takes(undisturbed, monkeypatch) -> None:
    """Written to `serloop.toml`, the best setting is trained by the command that is printed."""
    settings, result = undisturbed
    Path("serloop.toml").write_text(result.toml(), encoding="utf-8")
    loaded = load_settings()
    for name, value in result.best.parameters.items():
        section, key = name.split(".")
        assert getattr(getattr(loaded, section), key) == value
    there = borrow(settings, Path("home").resolve())
    monkeypatch.setenv("SERLOOP_WAREHOUSE__CATALOG", there.catalog)
    monkeypatch.setenv("SERLOOP_WAREHOUSE__DATA_PATH", there.data_path)
    monkeypatch.setenv("SERLOOP_TRAINING__UPDATES", "2")
    words = shlex.split(result.command)
    assert words[:3] == ["serloop", "train", "synthetic"]
    done = CliRunner().invoke(app, [*words[1:], "--home", str(there.home)])
    assert done.exit_code == 0, done.stderr
    with open_store(there) as store:
        (model_id,) = queries.select_models(store)["model_id"].to_pylist()
        config = require_model(store, model_id)["config"]
    assert config["test_speakers"] == list(result.test_speakers)
    found = config["training"]["learning_rate"]
    assert found == result.best.parameters["training.learning_rate"]
