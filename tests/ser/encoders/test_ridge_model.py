"""A solved head is a model like any other, and says what the head says."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import softmax

from annotation.sampling import bald
from ser.encoders.ridge import fit_ridge
from ser.encoders.ridge_model import layer_statistics, train_ridge
from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.inference.predictor import predict
from ser.models.parameters import NetworkParameters
from ser.training.checkpoint import load_model, save_model

RNG = np.random.default_rng(0)
LABELS = np.arange(60) % 3
SPEAKERS = [f"s{number // 10}" for number in range(60)]
VALUES = RNG.standard_normal((60, 2, 6)).astype(np.float32)
VALUES[:, 1, 0] += 2.0 * LABELS.astype(np.float32)
FEATURES = RaggedFeatures.from_list(list(VALUES))
GIVEN = {
    "classes": ("a", "b", "c"),
    "feature_set": "encoder",
    "sample_rate": 16000,
    "model": NetworkParameters(layers=2, embedding_size=0),
}


def test_it_says_what_the_head_says(tmp_path) -> None:
    """Before and after it is stored."""
    model = train_ridge(FEATURES, LABELS, SPEAKERS, **GIVEN)
    expected = softmax(fit_ridge(VALUES, LABELS, SPEAKERS, n_classes=3).logits(VALUES), axis=1)
    np.testing.assert_allclose(predict(model, FEATURES).posterior, expected, atol=1e-5)
    save_model(model, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    np.testing.assert_array_equal(
        predict(loaded, FEATURES).posterior, predict(model, FEATURES).posterior
    )


def test_its_history_is_one_epoch_judged_on_the_dev_part() -> None:
    """The dev part judges and changes nothing; torch's global generator is left alone."""
    before = torch.get_rng_state()
    dev = (FEATURES.take(np.arange(9)), LABELS[:9])
    judged = train_ridge(FEATURES, LABELS, SPEAKERS, **GIVEN, dev=dev)
    plain = train_ridge(FEATURES, LABELS, SPEAKERS, **GIVEN)
    assert torch.equal(torch.get_rng_state(), before)
    (epoch,) = judged.history
    assert 0 <= epoch.dev_uar <= 1
    assert plain.history[0].dev_uar is None
    assert epoch.loss == plain.history[0].loss
    posterior = predict(plain, FEATURES).posterior
    np.testing.assert_allclose(epoch.loss, -np.log(posterior[range(60), LABELS]).mean(), rtol=1e-5)


def test_it_learns_what_people_disagree_about() -> None:
    """Told as P(class), it is the head of that posterior, and its loss is the cross-entropy."""
    said = np.full((60, 3), 0.2)
    said[np.arange(60), LABELS] = 0.6
    model = train_ridge(FEATURES, said.astype(np.float32), SPEAKERS, **GIVEN)
    head = fit_ridge(VALUES, said.astype(np.float32), SPEAKERS, n_classes=3)
    posterior = predict(model, FEATURES).posterior
    np.testing.assert_allclose(posterior, softmax(head.logits(VALUES), axis=1), atol=1e-5)
    expected = -(said * np.log(posterior)).sum(axis=1).mean()
    np.testing.assert_allclose(model.history[0].loss, expected, rtol=1e-5)


def test_members_say_together_what_one_head_says(tmp_path) -> None:
    """And apart each something else, the same once they are stored."""
    several = {**GIVEN, "model": replace(GIVEN["model"], members=4)}
    model = train_ridge(FEATURES, LABELS, SPEAKERS, **several)
    alone = predict(train_ridge(FEATURES, LABELS, SPEAKERS, **GIVEN), FEATURES)
    save_model(model, tmp_path / "model")
    said = predict(load_model(tmp_path / "model"), FEATURES)
    np.testing.assert_allclose(said.posterior, alone.posterior, atol=1e-5)
    assert said.members.shape == (4, 60, 3)
    assert bald(said.members).min() > 0
    assert model.history[0].loss == pytest.approx(
        train_ridge(FEATURES, LABELS, SPEAKERS, **GIVEN).history[0].loss, rel=1e-4
    )


def test_statistics_of_a_feature_set_become_one_array() -> None:
    """Without a copy; clips with different layers are refused."""
    assert np.shares_memory(layer_statistics(FEATURES), FEATURES.values)
    assert np.array_equal(layer_statistics(FEATURES), VALUES)
    with pytest.raises(ConfigurationError, match="one frame per layer"):
        layer_statistics(RaggedFeatures.from_list([np.zeros((2, 4)), np.zeros((3, 4))]))
