"""Simulate: strategies are replayed over a corpus, side by side and where they stopped."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.errors import PipelineError
from pipelines.extract import extract
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.simulate import simulate
from pipelines.simulation.records import Conditions
from tests.pipelines.encoders import with_encoder

SILENT = SilentProgress()
FEW = Conditions(annotators=8, speakers_per_fold=3, votes=60, batch=30, most=3)
ASKED = ("worth", "random-1", "random-3", "random-3/votes")


@pytest.fixture
def encoded(ingested: Settings, tmp_path: Path) -> Settings:
    """Return settings of a corpus with the features of a tiny encoder."""
    settings = with_encoder(ingested, tmp_path / "models")
    extract(settings, SILENT)
    return settings


def test_a_simulation_goes_on_where_it_stopped(encoded: Settings) -> None:
    """Replays that are done are read; one that is missing is made again as it was."""
    run = {"corpus": "synthetic", "strategies": ASKED, "seeds": (0, 1), "conditions": FEW}
    first = simulate(encoded, SILENT, **run)
    (folder,) = (encoded.home / "simulations").iterdir()
    kept = {path: path.read_bytes() for path in folder.glob("*-*-*.json")}
    made = {path: path.stat().st_mtime_ns for path in kept}
    folds = len({path.stem.rpartition("-")[2] for path in kept})
    assert folds >= 2
    # That of all true labels hangs on no annotator: one for each fold does for all seeds.
    assert len(kept) == folds * (2 * len(ASKED) + 1)
    lost = next(path for path in kept if path.name.startswith("worth-1"))
    lost.unlink()
    again = simulate(encoded, SILENT, **run)
    assert lost.read_bytes() == kept[lost]
    assert all(path.stat().st_mtime_ns == made[path] for path in kept if path != lost)
    assert again.document() == first.document()


def test_the_verb_writes_a_page_and_tables(encoded: Settings, tmp_path: Path) -> None:
    """A table in the terminal, and a page, a summary and a curve per strategy in a folder."""
    out = tmp_path / "out"
    words = ["simulate", "synthetic", "--home", str(encoded.home), "--out", str(out)]
    words += ["--strategies", "worth,random-3", "--seeds", "0", "--speakers", "3"]
    words += ["--annotators", "8", "--votes", "60", "--batch", "30", "--most", "3"]
    environment = {
        "SERLOOP_WAREHOUSE__CATALOG": encoded.catalog,
        "SERLOOP_WAREHOUSE__DATA_PATH": encoded.data_path,
        "SERLOOP_FEATURES__KIND": "encoder_statistics",
        "SERLOOP_FEATURES__ENCODER": str(encoded.models / "tiny"),
    }
    told = CliRunner().invoke(app, words, env=environment)
    assert told.exit_code == 0, told.output
    assert "on synthetic with 1 seed, worth needs" in " ".join(told.output.split())
    assert {path.name for path in out.iterdir()} == {
        "curve-random-3.csv",
        "curve-worth.csv",
        "simulation.html",
        "summary.json",
    }
    page = (out / "simulation.html").read_text()
    assert "8, whose accuracies spread by 0.08" in page
    told = CliRunner().invoke(app, [*words, "--json"], env=environment)
    assert json.loads(told.stdout) == json.loads((out / "summary.json").read_text())


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"strategies": ("worth", "random-1")}, "`reference` must be one of the strategies"),
        ({"strategies": ("random-3", "best")}, "`best` is no strategy"),
        ({"strategies": ("random-3", "random-3")}, "name each strategy once"),
    ],
)
def test_what_cannot_be_replayed_is_refused(ingested: Settings, asked, message: str) -> None:
    """Before anything is read: the message names the offender."""
    with pytest.raises(PipelineError, match=message):
        simulate(ingested, SILENT, corpus="synthetic", **asked)


def mine(state, budget, rng):  # noqa: ARG001 - a strategy that goes round the pool
    """Ask about the clips in their order, one vote each."""
    given = np.zeros(len(state.votes), int)
    given[np.argsort(state.votes, kind="stable")[:budget]] = 1
    return given


def test_networks_are_replayed_as_well(ingested: Settings) -> None:
    """Features that no encoder made train the network of a round, here for a step or two."""
    training = ingested.training.model_copy(update={"updates": 2})
    settings = ingested.model_copy(update={"training": training})
    conditions = Conditions(annotators=4, speakers_per_fold=3, votes=36, batch=24, most=3)
    found = simulate(
        settings,
        SILENT,
        corpus="synthetic",
        strategies=("worth", "random-3/votes", f"{__name__}:mine"),
        reference="random-3/votes",
        seeds=(0,),
        conditions=conditions,
    )
    assert [row["strategy"] for row in found.rows()] == ["worth", "random-3/votes", "mine"]
    assert "compact network on log_mel-" in json.dumps(found.document())
