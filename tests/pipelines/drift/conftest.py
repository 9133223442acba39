"""A model of fourteen callers, and eight more who may come in."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.extract import extract
from pipelines.ingest import ingest
from pipelines.progress import SilentProgress
from pipelines.sections import FeatureSettings
from pipelines.settings import Settings
from pipelines.train import train
from ser.corpora.synthetic import write_synthetic_corpus
from tests.pipelines.drift.calls import write_calls
from tests.pipelines.places import borrow, make_settings

SILENT = SilentProgress()


@dataclass(frozen=True)
class Calls:
    """A corpus, a model of it, and where speakers lie who did not call yet."""

    settings: Settings
    model_id: str
    root: Path
    source: Path
    others: list[str]

    def come(self, *, gain: float = 1.0, has_features: bool = True, callers: int = 8) -> None:
        """Let new speakers call."""
        write_calls(self.root, self.source, self.others[:callers], gain=gain)
        self.ingest("calls", has_features=has_features)

    def ingest(self, name: str, *, has_features: bool = True) -> None:
        """Ingest what lies in the folder, with the features of the model or with others."""
        others = {"features": FeatureSettings(bands=20)}
        settings = self.settings if has_features else self.settings.model_copy(update=others)
        ingest(settings, SILENT, corpus="manifest", root=self.root, name=name)
        extract(settings, SILENT)


@pytest.fixture(scope="session")
def calls_once(tmp_path_factory: pytest.TempPathFactory) -> Calls:
    """Ingest and train once; for borrowing only."""
    folder = tmp_path_factory.mktemp("calls")
    write_synthetic_corpus(folder / "source", speakers=22, sentences=1, repetitions=1, seed=1)
    speakers = sorted(path.name for path in (folder / "source").iterdir() if path.is_dir())
    found = Calls(
        settings=make_settings(folder / "home"),
        model_id="",
        root=folder / "calls",
        source=folder / "source",
        others=speakers[14:],
    )
    write_calls(found.root, found.source, speakers[:14])
    found.ingest("calls")
    model_id = train(found.settings, SILENT, corpus="calls").model_id
    return Calls(found.settings, model_id, found.root, found.source, found.others)


@pytest.fixture
def calls(calls_once: Calls, tmp_path: Path) -> Calls:
    """Return it, free to change."""
    lent = calls_once
    root = shutil.copytree(lent.root, tmp_path / "calls")
    return Calls(
        borrow(lent.settings, tmp_path / "home"), lent.model_id, root, lent.source, lent.others
    )
