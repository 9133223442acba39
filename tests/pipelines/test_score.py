"""A model says what it thinks of the pool, and leaves the test speakers alone."""

import numpy as np
import pytest

from pipelines.convert import read_posterior
from pipelines.errors import PipelineError
from pipelines.models import require_model
from pipelines.progress import SilentProgress
from pipelines.score import score
from pipelines.settings import Settings
from pipelines.workspace import open_store
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
