"""The light network reads layers of an encoder as every network reads its features."""

import numpy as np
import pytest
import torch

from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.inference.predictor import predict
from ser.models.build import build_network, count_parameters
from ser.models.layer_network import LayerNormalisation, LayerWeighting
from ser.models.parameters import LAYER_HEAD, NetworkParameters
from ser.training.checkpoint import load_model, save_model
from ser.training.dataset import layer_moments
from ser.training.loop import train_classifier
from ser.training.parameters import TrainingParameters

LAYERS, BANDS, CLIPS = 3, 8, 40
RNG = np.random.default_rng(0)
LABELS = np.arange(CLIPS) % 2
VALUES = RNG.standard_normal((CLIPS, LAYERS, BANDS)).astype(np.float32)
# Only the means of the middle layer tell the classes apart.
VALUES[:, 1, :4] += 3.0 * LABELS[:, None].astype(np.float32)
FEATURES = RaggedFeatures.from_list(list(VALUES))
NETWORK = NetworkParameters(layers=LAYERS, embedding_size=0, encoder_dropout=0.1)


def learn(**changes):
    """Train on the clips."""
    given = {
        "classes": ("a", "b"),
        "feature_set": "encoder",
        "sample_rate": 16000,
        "model": NETWORK,
        "training": TrainingParameters(epochs=15, learning_rate=0.05),
    }
    return train_classifier(FEATURES, np.eye(2)[LABELS], **{**given, **changes})


def test_it_finds_the_layer_that_tells() -> None:
    """The classes are learned, and the telling half of a layer gets the largest weight."""
    model = learn()
    assert (predict(model, FEATURES).labels == LABELS).mean() > 0.95
    assert model.network.weighting.weights.argmax().item() == 2


def test_it_is_stored_and_loaded_like_any_other(tmp_path) -> None:
    """The same bytes for the same model, and the same words from the loaded one."""
    model = learn(training=TrainingParameters(epochs=1))
    sha256 = save_model(model, tmp_path / "model")
    loaded = load_model(tmp_path / "model", sha256=sha256)
    assert save_model(loaded, tmp_path / "again") == sha256
    expected, found = predict(model, FEATURES), predict(loaded, FEATURES)
    np.testing.assert_array_equal(found.posterior, expected.posterior)
    assert found.embeddings.shape == (CLIPS, LAYERS * BANDS)


def test_ratings_are_predicted_in_their_own_scale() -> None:
    """With a hidden layer and ratings, jointly."""
    ratings = (10 + LABELS[:, None]).astype(np.float64)
    network = NetworkParameters(layers=LAYERS, embedding_size=6, ratings=("arousal",))
    found = predict(learn(model=network, ratings=ratings), FEATURES)
    assert found.embeddings.shape == (CLIPS, 6)
    assert np.corrcoef(found.ratings[:, 0], LABELS)[0, 1] > 0.7
    assert abs(found.ratings.mean() - 10.5) < 0.5


def test_equal_weights_change_nothing() -> None:
    """At the start every number passes as it is."""
    clips = torch.from_numpy(VALUES)
    np.testing.assert_allclose(LayerWeighting(LAYERS)(clips).detach(), clips.flatten(1), rtol=1e-6)


def test_a_layer_of_no_weight_is_not_heard() -> None:
    """Whatever its deviations say nothing changes; its means are heard still."""
    weighting, clips = LayerWeighting(LAYERS), torch.from_numpy(VALUES)
    with torch.no_grad():
        weighting.scores[1, 1] = -1e4
    changed = clips.clone()
    changed[:, 1, 4:] += 5
    torch.testing.assert_close(weighting(changed), weighting(clips))
    changed[:, 1, :4] += 5
    assert not torch.allclose(weighting(changed), weighting(clips))


def test_a_number_that_never_moves_stays_finite() -> None:
    """A deviation of zero does not divide."""
    normalisation, clips = LayerNormalisation(LAYERS, BANDS), torch.from_numpy(VALUES)
    normalisation.set_statistics(clips.mean(dim=0), torch.zeros(LAYERS, BANDS))
    assert normalisation(clips).isfinite().all()


def test_statistics_are_of_each_number_of_each_layer() -> None:
    """Against numpy on the clips as one array; a clip that lacks a layer is refused."""
    mean, deviation = layer_moments(FEATURES, LAYERS)
    np.testing.assert_allclose(mean, VALUES.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(deviation, VALUES.std(axis=0), rtol=1e-5)
    short = RaggedFeatures.from_list([VALUES[0], VALUES[1][:2]])
    with pytest.raises(ConfigurationError, match=r"each of 3 layers, but the clip at 1 has 2"):
        layer_moments(short, LAYERS)


def test_the_first_posterior_is_uniform() -> None:
    """And the preset has little to learn: weights of layers and one matrix."""
    network = build_network(NETWORK, n_classes=2, n_bands=BANDS).eval()
    logits = network(torch.from_numpy(VALUES), torch.full((CLIPS,), LAYERS)).logits
    assert logits.abs().max() == 0
    assert count_parameters(network) == 2 * LAYERS + 2 * (LAYERS * BANDS + 1)
    assert LAYER_HEAD.layers


def test_odd_numbers_of_a_layer_are_refused() -> None:
    """They cannot be as many means as deviations."""
    with pytest.raises(ConfigurationError, match=r"`n_bands` must be even.*got 7"):
        build_network(NETWORK, n_classes=2, n_bands=7)
