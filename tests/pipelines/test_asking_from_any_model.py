"""However a model was trained, what it says is enough to ask by."""

from pathlib import Path

import numpy as np
import pytest

from pipelines.acquire import acquire
from pipelines.answer import answer
from pipelines.campaign import read_asks
from pipelines.errors import PipelineError
from pipelines.extract import extract
from pipelines.ingest import ingest
from pipelines.progress import SilentProgress
from pipelines.score import score
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.workspace import open_store
from ser.corpora.synthetic import write_synthetic_corpus
from tests.pipelines.encoders import with_encoder
from tests.pipelines.places import borrow
from warehouse import queries

SILENT = SilentProgress()
PASSES, MEMBERS = {"rounds": {"dropout_passes": 3}}, {"network": {"members": 2}}
RECIPES: dict[str, dict[str, dict[str, object]]] = {
    "labels": {},
    "fixmatch": {"training": {"semi": "fixmatch"}},
    "mean_teacher": {"training": {"semi": "mean_teacher"}},
    "coral": {"training": {"domain": "coral", "target_corpus": "calls"}},
    "adversarial": {"training": {"domain": "adversarial", "target_corpus": "calls"}},
    "contrastive": {"pretraining": {"objective": "simclr", "updates": 2, "batch_size": 16}},
}
HIDDEN = {"network": {"embedding_size": 8}}


def asking(settings: Settings, *changes: dict[str, dict[str, object]]) -> Settings:
    """Return settings with changes of sections."""
    for change in changes:
        for section, values in change.items():
            changed = getattr(settings, section).model_copy(update=values)
            settings = settings.model_copy(update={section: changed})
    return settings


@pytest.fixture(scope="module")
def answered(ingested_once: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a warehouse with a seed that was answered, another corpus, and an encoder's say."""
    place = tmp_path_factory.mktemp("answered")
    settings = borrow(ingested_once, place / "home")
    write_synthetic_corpus(place / "calls", speakers=2, sentences=1, repetitions=1, seed=5)
    ingest(settings, SILENT, corpus="folder", root=place / "calls", name="calls")
    acquire(settings, SILENT, corpus="synthetic")
    answer(settings, SILENT, campaign="synthetic")
    heard = with_encoder(settings, place / "models")
    for corpus in ("synthetic", "calls"):
        extract(heard, SILENT, corpus=corpus)
    return heard


def on(answered: Settings, home: Path, *, layers: bool) -> Settings:
    """Return a copy in which a model hears log-mel or, what an encoder says, layer by layer."""
    settings = borrow(answered, home)
    if not layers:
        return settings
    return settings.model_copy(update={"models": answered.models, "features": answered.features})


def ask(settings: Settings) -> list[float]:
    """Train, score and ask; return the utilities of what is asked.

    BALD of a BADGE batch reads all that a strategy can: posteriors, embeddings and disagreement.
    """
    settings = asking(settings, {"rounds": {"strategy": "bald", "batch": "badge"}})
    model_id = train(settings, SILENT, corpus="synthetic", recipe="round").model_id
    score(settings, SILENT, model_id=model_id)
    acquire(settings, SILENT, corpus="synthetic", model_id=model_id)
    with open_store(settings) as store:
        asks = read_asks(store, "synthetic", number=1).to_pylist()
    return [row["utility"] for row in asks if row["arm"] == "active"]


@pytest.mark.parametrize("several", [PASSES, MEMBERS], ids=["passes", "members"])
@pytest.mark.parametrize("recipe", RECIPES)
def test_of_frames_over_time(answered: Settings, tmp_path: Path, recipe: str, several) -> None:
    """Whatever is learned beside the labels, or before them."""
    settings = on(answered, tmp_path / "home", layers=False)
    utilities = ask(asking(settings, RECIPES[recipe], several))
    assert len(utilities) == 5
    assert np.isfinite(utilities).all()
    assert max(utilities) > 0


@pytest.mark.parametrize(
    ("recipe", "size", "several"),
    [("labels", {}, PASSES), ("labels", {}, MEMBERS), ("fixmatch", {}, PASSES),
     ("mean_teacher", {}, MEMBERS), ("coral", HIDDEN, MEMBERS), ("adversarial", HIDDEN, PASSES)],
)  # fmt: skip
def test_of_the_layers_of_an_encoder(
    answered: Settings, tmp_path: Path, recipe: str, size, several
) -> None:
    """A head that descends; domains are brought together in its hidden layer."""
    settings = on(answered, tmp_path / "home", layers=True)
    descent = {"training": {"solver": "descent"}}
    utilities = ask(asking(settings, descent, RECIPES[recipe], size, several))
    assert len(utilities) == 5
    assert max(utilities) > 0


def test_of_heads_that_were_solved_for(answered: Settings, tmp_path: Path) -> None:
    """Members are solved for on drawn speakers, and say together what one head says."""
    settings = on(answered, tmp_path / "home", layers=True)
    utilities = ask(asking(settings, MEMBERS))
    assert len(utilities) == 5
    assert max(utilities) > 0
    alone = on(answered, tmp_path / "alone", layers=True)
    model_id = train(alone, SILENT, corpus="synthetic", recipe="round").model_id
    score(alone, SILENT, model_id=model_id)
    told = []
    for place in (settings, alone):
        with open_store(place) as store:
            (row,) = queries.select_models(store).to_pylist()
            told.append(queries.select_predictions(store, row["model_id"])["posterior"].to_pylist())
        assert '"solver": "ridge"' in row["config"]
    np.testing.assert_allclose(told[0], told[1], atol=1e-5)


def test_one_solved_head_cannot_contradict_itself(answered: Settings, tmp_path: Path) -> None:
    """Neither alone nor in passes; both refusals name the settings that help."""
    settings = on(answered, tmp_path / "home", layers=True)
    with pytest.raises(PipelineError, match=r"`bald`.*set `network.members` to 2 or more"):
        ask(settings)
    with pytest.raises(
        PipelineError,
        match=r"`rounds.dropout_passes` is 3, but .* `network.members` .* `training.solver`",
    ):
        ask(asking(settings, {"training": {"seed": 1}}, PASSES))
