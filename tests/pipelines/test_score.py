"""A model says what it thinks of the pool, and leaves the test speakers alone."""

from pathlib import Path

import numpy as np
import pytest

from pipelines.convert import read_posterior
from pipelines.errors import PipelineError
from pipelines.models import require_model
from pipelines.progress import SilentProgress
from pipelines.score import score
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.workspace import open_store
from ser.errors import ConfigurationError
from tests.pipelines.places import borrow
from warehouse import queries

SILENT = SilentProgress()


@pytest.fixture(scope="module")
def scored(trained_once, tmp_path_factory: pytest.TempPathFactory):
    """Score once more, elsewhere; for reading only."""
    settings = borrow(trained_once.settings, tmp_path_factory.mktemp("scored"))
    return settings, score(settings, SILENT, model_id=trained_once.model_id)


def test_every_clip_that_may_be_asked_about_is_scored(scored, trained_once) -> None:
    """The pool is the corpus without its test speakers; evaluation scored the others."""
    with open_store(scored[0]) as store:
        predictions = queries.select_predictions(store, trained_once.model_id)
        config = require_model(store, trained_once.model_id)["config"]
    clip_ids = predictions["clip_id"].to_pylist()
    pool = [c for c in clip_ids if not any(f"/{name}_" in c for name in config["test_speakers"])]
    assert (len(clip_ids), len(pool), scored[1].clips) == (36, 24, 24)


def test_predictions_are_posteriors_with_embeddings(scored, trained_once) -> None:
    """Each row sums to one, and each clip has an embedding of one size."""
    with open_store(scored[0]) as store:
        predictions = queries.select_predictions(store, trained_once.model_id)
    np.testing.assert_allclose(read_posterior(predictions["posterior"]).sum(axis=1), 1, atol=1e-5)
    assert len({len(row) for row in predictions["embedding"].to_pylist()}) == 1


def test_scoring_again_adds_nothing(scored, trained_once) -> None:
    """Predictions that are there stay as they are."""
    settings, result = scored
    assert result.added == 0
    assert 0 <= result.mean_entropy <= np.log(6) + 1e-6
    with open_store(settings) as after, open_store(trained_once.settings) as before:
        assert after.snapshot == before.snapshot


def test_an_unknown_model_is_refused(ingested_once: Settings) -> None:
    """The message says how to get one."""
    with pytest.raises(PipelineError, match=r"no model `x`.*serloop train"):
        score(ingested_once, SILENT, model_id="x")


def with_passes(settings: Settings, passes: int, **sections) -> Settings:
    """Return settings under which single networks judge in passes."""
    rounds = settings.rounds.model_copy(update={"dropout_passes": passes})
    return settings.model_copy(update={"rounds": rounds, **sections})


@pytest.fixture(scope="module")
def fitted_once(ingested_once: Settings, tmp_path_factory: pytest.TempPathFactory):
    """Train a model and let it judge nothing; for borrowing only."""
    settings = borrow(ingested_once, tmp_path_factory.mktemp("fitted"))
    return settings, train(settings, SILENT, corpus="synthetic", recipe="round").model_id


def test_passes_tell_where_a_single_network_contradicts_itself(fitted_once, tmp_path: Path) -> None:
    """The same elsewhere, and the posterior is the one without passes."""
    lender, model_id = fitted_once
    told = []
    for place, passes in (("one", 5), ("two", 5), ("plain", 0)):
        settings = with_passes(borrow(lender, tmp_path / place), passes)
        assert score(settings, SILENT, model_id=model_id).passes == passes
        with open_store(settings) as store:
            told.append(queries.select_predictions(store, model_id))
    one, two, plain = told
    assert one.equals(two)
    assert plain["disagreement"].null_count == plain.num_rows > 0
    assert min(one["disagreement"].to_pylist()) >= 0
    assert max(one["disagreement"].to_pylist()) > 0
    assert one.drop_columns("disagreement").equals(plain.drop_columns("disagreement"))


def test_scoring_again_with_passes_changes_nothing(fitted_once, tmp_path: Path) -> None:
    """Predictions of the same passes stay, and passes over others are refused."""
    lender, model_id = fitted_once
    settings = borrow(lender, tmp_path / "home")
    assert score(with_passes(settings, 3), SILENT, model_id=model_id).added == 24
    assert score(with_passes(settings, 3), SILENT, model_id=model_id).added == 0
    other = borrow(lender, tmp_path / "other")
    score(other, SILENT, model_id=model_id)
    with pytest.raises(PipelineError, match=r"judged 24 of these clips without passes.*back to 0"):
        score(with_passes(other, 3), SILENT, model_id=model_id)


def test_an_ensemble_needs_no_passes(ingested: Settings) -> None:
    """Its members contradict each other; the setting is for the models that are none."""
    several = ingested.network.model_copy(update={"members": 2})
    settings = with_passes(ingested, 7, network=several)
    model = train(settings, SILENT, corpus="synthetic", recipe="round")
    assert score(settings, SILENT, model_id=model.model_id).passes == 0
    with open_store(settings) as store:
        assert queries.select_predictions(store, model.model_id)["disagreement"].null_count == 0


def test_passes_of_a_network_without_dropout_are_refused(ingested: Settings) -> None:
    """Before a clip is judged."""
    rigid = ingested.network.model_copy(update={"dropout": 0.0, "encoder_dropout": 0.0})
    settings = with_passes(ingested, 4, network=rigid)
    model = train(settings, SILENT, corpus="synthetic", recipe="round")
    with pytest.raises(ConfigurationError, match="need a network that was trained with dropout"):
        score(settings, SILENT, model_id=model.model_id)
