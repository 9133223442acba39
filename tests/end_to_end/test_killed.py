"""Killed at any moment and started again, a round ends with the rows of an undisturbed one."""

import hashlib
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pipelines.identity import code_version
from pipelines.ingest import ingest
from pipelines.loop import run_round
from pipelines.progress import SilentProgress
from pipelines.runner import DirectRunner
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.workspace import open_store
from tests.end_to_end.runs import Run, count_snapshots, fingerprint
from warehouse import queries

SILENT = SilentProgress()
QUICK_TRAINING = {"batch_size": 8, "loss": "soft_label", "speed_perturbation": False}
QUICK_ROUNDS = {"budget": 8, "votes_per_clip": 5, "aggregator": "majority"}


@pytest.fixture(scope="module")
def undisturbed(synthetic: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Ingest the corpus, for reading only."""
    settings = Settings(home=tmp_path_factory.mktemp("undisturbed"), compute={"processes": 1})
    ingest(settings, SILENT, corpus="synthetic", root=synthetic)
    return settings


@pytest.fixture
def here(undisturbed: Settings, tmp_path: Path) -> Settings:
    """Return a place with the ingested corpus, to run undisturbed in this process."""
    return copy(undisturbed, tmp_path / "here")


def copy(lender: Settings, home: Path, *, updates: int = 30) -> Settings:
    """Return a home with what the lender knows; Parquet files never change and are shared."""
    # Sources edited since pytest started would give this process's models another name.
    code_version.cache_clear()
    settings = Settings(
        home=home,
        training=QUICK_TRAINING | {"updates": updates},
        rounds=QUICK_ROUNDS,
        warehouse={"data_path": lender.data_path},
    )
    catalog = Path(settings.catalog)
    catalog.parent.mkdir(parents=True)
    with closing(sqlite3.connect(lender.catalog)) as kept, closing(sqlite3.connect(catalog)) as new:
        kept.backup(new)
    return settings


def start(settings: Settings, *arguments: object) -> Run:
    """Start `serloop` with the same settings in a process of its own."""
    variables = {
        "TRAINING": settings.training.model_dump_json(exclude_none=True),
        "ROUNDS": settings.rounds.model_dump_json(),
        "WAREHOUSE__DATA_PATH": settings.data_path,
        "HOME": settings.home,
    }
    return Run(settings.home, *arguments, **variables)


def is_learning(run: Run) -> bool:
    """Return whether a process has loaded torch, which it does to train."""
    maps = Path(f"/proc/{run.process.pid}/maps")
    if not maps.parent.is_dir():
        pytest.skip("there is no /proc to see what a process is doing")
    return "libtorch_cpu" in maps.read_text(encoding="utf-8")


def has_weights(settings: Settings) -> bool:
    """Return whether weights lie under their final name; their row is committed after that."""
    return settings.artifacts.is_dir() and any(settings.artifacts.glob("*.safetensors"))


def model_of(settings: Settings) -> tuple[dict[str, object], str]:
    """Return the only model's row, and the hash of its weights as they lie there."""
    with open_store(settings) as store:
        (row,) = queries.select_models(store).to_pylist()
    content = (settings.artifacts / row["artifact"]).read_bytes()
    return row, hashlib.sha256(content).hexdigest()


def test_training_killed_twice(
    undisturbed: Settings, here: Settings, tmp_path: Path, chance: random.Random
) -> None:
    """Killed while it learns and between weights and row, it ends with the same model."""
    there = copy(undisturbed, tmp_path / "there")
    run = start(there, "train", "synthetic")
    assert run.kill_when(lambda: is_learning(run), delay_s=chance.uniform(0.5, 1.0))
    run = start(there, "train", "synthetic")
    assert run.kill_when(lambda: has_weights(there))
    start(there, "train", "synthetic").finish()
    train(here, SILENT, corpus="synthetic")
    assert model_of(there) == model_of(here)
    row, sha256 = model_of(here)
    assert row["artifact_sha256"] == sha256


@pytest.mark.slow
@pytest.mark.parametrize("attempt", range(6))
def test_training_killed_at_any_moment(
    undisturbed: Settings, here: Settings, tmp_path: Path, attempt: int
) -> None:
    """One kill somewhere between start and end changes nothing."""
    there = copy(undisturbed, tmp_path / "there")
    start(there, "train", "synthetic").kill_when(
        lambda: True, delay_s=random.Random(attempt).uniform(0.5, 8.0)
    )
    start(there, "train", "synthetic").finish()
    train(here, SILENT, corpus="synthetic")
    assert model_of(there) == model_of(here)


def play_round(settings: Settings) -> None:
    """Take the campaign one round further in this process."""
    run_round(DirectRunner(settings, SILENT), corpus="synthetic", simulate=True)


# What a round commits, in order, after the first: consensus, model, evaluation, predictions.
@pytest.mark.slow
# In this order a round commits consensus, model, evaluation, and predictions of the pool.
@pytest.mark.parametrize("commits", [(1,), (2,), (3,), (4,), (1, 2, 3)], ids=str)
def test_a_round_killed_between_its_commits(
    undisturbed: Settings, tmp_path: Path, commits: tuple[int, ...]
) -> None:
    """Killed after some of its commits, a round goes on there and ends with the same rows."""
    here = copy(undisturbed, tmp_path / "here", updates=3)
    play_round(here)
    there = copy(here, tmp_path / "there", updates=3)
    asked = count_snapshots(there.home)
    play_round(here)
    for count in commits:
        run = start(there, "round", "synthetic", "--simulate")
        assert run.kill_when(lambda count=count: count_snapshots(there.home) >= asked + count)
    start(there, "round", "synthetic", "--simulate").finish()
    assert fingerprint(there) == fingerprint(here)
