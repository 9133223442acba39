"""A small synthetic corpus, and warehouses in which stages have run on it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.demo import demo
from pipelines.evaluate import evaluate
from pipelines.ingest import ingest
from pipelines.progress import SilentProgress
from pipelines.runner import DirectRunner
from pipelines.score import score
from pipelines.settings import FOREIGN_VARIABLES, Settings
from pipelines.train import train
from ser.corpora.synthetic import write_synthetic_corpus
from tests.pipelines.places import Campaign, Trained, borrow, make_settings
from tests.sharing import make_once

SILENT = SilentProgress()


@pytest.fixture(scope="session", autouse=True)
def plain_environment() -> Iterator[None]:
    """Keep the settings and the Prefect server of whoever runs the tests out of them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in set(os.environ) - FOREIGN_VARIABLES:
            if name == "PREFECT_API_URL" or name.startswith("SERLOOP_"):
                patch.delenv(name)
        yield


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work where no `serloop.toml` and no `.serloop` lies."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def synthetic_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of 36 clips: six speakers, six emotions, one sentence."""

    def make(folder: Path) -> Path:
        write_synthetic_corpus(folder / "synthetic", speakers=6, sentences=1, repetitions=1, seed=0)
        return folder / "synthetic"

    return make_once(tmp_path_factory, "corpus", make)


@pytest.fixture(scope="session")
def ingested_once(synthetic_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Ingest the corpus; for reading and borrowing only."""

    def make(folder: Path) -> Settings:
        settings = make_settings(folder)
        ingest(settings, SILENT, corpus="synthetic", root=synthetic_root)
        return settings

    return make_once(tmp_path_factory, "ingested", make)


@pytest.fixture(scope="session")
def trained_once(ingested_once: Settings, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Train, evaluate and score once; for reading and borrowing only."""

    def make(folder: Path) -> Trained:
        settings = borrow(ingested_once, folder)
        model_id = train(settings, SILENT, corpus="synthetic").model_id
        evaluate(settings, SILENT, model_id=model_id)
        score(settings, SILENT, model_id=model_id)
        return Trained(settings, model_id)

    return make_once(tmp_path_factory, "trained", make)


@pytest.fixture(scope="session")
def campaign_once(
    ingested_once: Settings, synthetic_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Campaign:
    """Run the demo for one round after the seed; for reading and borrowing only."""

    def make(folder: Path) -> Campaign:
        settings = borrow(ingested_once, folder)
        run = DirectRunner(settings, SILENT)
        return Campaign(settings, demo(run, corpus="synthetic", data=synthetic_root, rounds=1))

    return make_once(tmp_path_factory, "campaign", make)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the settings of a place where nothing is yet."""
    return make_settings(tmp_path / "home")


@pytest.fixture
def ingested(ingested_once: Settings, tmp_path: Path) -> Settings:
    """Return the settings of a warehouse with the synthetic corpus, free to change."""
    return borrow(ingested_once, tmp_path / "home")


@pytest.fixture
def trained(trained_once: Trained, tmp_path: Path) -> Trained:
    """Return a warehouse with a model that has scored the pool, free to change."""
    return Trained(borrow(trained_once.settings, tmp_path / "home"), trained_once.model_id)
