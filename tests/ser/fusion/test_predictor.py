"""Predictions of a fusion: in order, and of its own kind of features and words."""

import numpy as np
import pytest

from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.fusion.model import FusedModel
from ser.fusion.predictor import predict_fused
from ser.inference.predictor import predict
from tests.ser.fusion.clips import TEXT_SIZE, make_clips, train


@pytest.fixture(scope="module")
def model() -> FusedModel:
    """Return a fusion that was trained a little."""
    return train()


def test_order_and_batches_change_nothing(model: FusedModel):
    """Clips may come in any order and in batches of any size."""
    features, words, _ = make_clips(20, seed=5)
    said = predict_fused(model, features, words).posterior
    order = np.random.default_rng(0).permutation(20)
    again = predict_fused(model, features.take(order), words.take(order), batch_clips=3).posterior
    np.testing.assert_allclose(again, said[order], atol=1e-5)
    np.testing.assert_allclose(said.sum(axis=1), 1, atol=1e-5)


def test_clips_without_words_are_judged_as_by_the_audio_predictor(model: FusedModel):
    """Words that are missing are no words, however that is said."""
    features, _, _ = make_clips(20, seed=5)
    none = RaggedFeatures.from_list([np.empty((0, TEXT_SIZE))] * 20)
    fused = predict_fused(model, features, none)
    heard = predict(model, features)
    np.testing.assert_allclose(fused.posterior, heard.posterior, atol=1e-6)
    np.testing.assert_allclose(fused.embeddings, heard.embeddings, atol=1e-5)


def test_no_clip_is_no_prediction(model: FusedModel):
    """An empty pool is judged too."""
    nothing = predict_fused(
        model, RaggedFeatures.from_list([], bands=16), RaggedFeatures.from_list([], bands=TEXT_SIZE)
    )
    assert nothing.posterior.shape == (0, 3)


def test_other_features_or_words_are_refused(model: FusedModel):
    """The message says which kind is expected."""
    features, words, _ = make_clips(4, seed=5)
    narrow = RaggedFeatures.from_list([np.zeros((2, 3))] * 4)
    with pytest.raises(ConfigurationError, match="16 bands of feature set `test`, but have 3"):
        predict_fused(model, narrow, words)
    with pytest.raises(ConfigurationError, match="8 numbers in a state, but are of 4 with 3"):
        predict_fused(model, features, narrow)
    with pytest.raises(ConfigurationError, match="`batch_clips` must be ≥ 1, but got 0"):
        predict_fused(model, features, words, batch_clips=0)


def test_passes_with_dropout_contradict_each_other(model: FusedModel):
    """They are members beside the judgement with everything on, which they leave as it is."""
    features, words, _ = make_clips(8, seed=5)
    plain = predict_fused(model, features, words)
    said = predict_fused(model, features, words, passes=3, seed=1)
    assert said.members.shape == (3, 8, 3)
    assert not np.allclose(said.members[0], said.members[1])
    np.testing.assert_array_equal(said.posterior, plain.posterior)
    with pytest.raises(ConfigurationError, match="`passes` must be 0 or ≥ 2"):
        predict_fused(model, features, words, passes=1)
