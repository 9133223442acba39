"""Posteriors, ratings and embeddings of many clips."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.inference.predictor import predict, predict_with
from ser.models.build import build_network
from ser.models.parameters import NetworkParameters
from ser.models.trained import TrainedModel

PARAMETERS = NetworkParameters(
    channels=(4, 8), time_pools=(2, 2), recurrent_size=8, embedding_size=6
)


@pytest.fixture
def model() -> TrainedModel:
    """Return a small random model of three classes."""
    torch.manual_seed(0)
    return TrainedModel(
        network=build_network(PARAMETERS, n_classes=3, n_bands=16).eval(),
        parameters=PARAMETERS,
        classes=("anger", "neutral", "sadness"),
        feature_set="test",
        sample_rate=16000,
    )


@pytest.fixture
def clips() -> RaggedFeatures:
    """Return 40 random clips of 1 … 60 frames."""
    rng = np.random.default_rng(0)
    return RaggedFeatures.from_list([rng.normal(size=(n, 16)) for n in rng.integers(1, 61, 40)])


def test_each_clip_gets_a_posterior_and_an_embedding(model, clips):
    """Rows are distributions, float32."""
    prediction = predict(model, clips)
    assert prediction.posterior.shape == (40, 3)
    assert prediction.embeddings.shape == (40, 6)
    assert prediction.ratings.shape == (40, 0)
    assert prediction.posterior.dtype == prediction.embeddings.dtype == np.float32
    np.testing.assert_allclose(prediction.posterior.sum(axis=1), 1, atol=1e-6)
    assert np.array_equal(prediction.labels, prediction.posterior.argmax(axis=1))


@pytest.mark.parametrize("batch_clips", [1, 7, 100])
def test_batch_size_changes_nothing(model, clips, batch_clips):
    """Answers agree up to rounding."""
    expected, found = predict(model, clips), predict(model, clips, batch_clips=batch_clips)
    np.testing.assert_allclose(found.posterior, expected.posterior, atol=1e-6)
    np.testing.assert_allclose(found.embeddings, expected.embeddings, atol=1e-5)


@pytest.mark.parametrize("classes", [("anger", "neutral"), ()], ids=["jointly", "alone"])
def test_ratings_come_in_the_scale_they_were_learnt_in(clips, classes):
    """Each clip gets R numbers around the training mean, with classes or without."""
    parameters = replace(PARAMETERS, ratings=("arousal", "valence", "dominance"))
    torch.manual_seed(0)
    network = build_network(parameters, n_classes=len(classes), n_bands=16).eval()
    network.head.scale.set_statistics(torch.tensor([100.0, 3.0, -5.0]), torch.full((3,), 0.1))
    prediction = predict(TrainedModel(network, parameters, classes, "test", 16000), clips)
    assert prediction.posterior.shape == (40, len(classes))
    assert prediction.ratings.shape == (40, 3)
    assert prediction.ratings.dtype == np.float32
    np.testing.assert_allclose(prediction.ratings.mean(axis=0), [100, 3, -5], atol=0.5)
    assert (prediction.ratings.std(axis=0) > 0).all()


def test_labels_without_classes_are_refused(clips):
    """A model of ratings alone has no most probable class."""
    parameters = replace(PARAMETERS, ratings=("arousal",))
    network = build_network(parameters, n_classes=0, n_bands=16).eval()
    prediction = predict(TrainedModel(network, parameters, (), "test", 16000), clips)
    with pytest.raises(ConfigurationError, match="`labels` need classes"):
        prediction.labels  # noqa: B018 - reading it is what is refused


def test_answers_follow_the_order_of_the_clips(model, clips):
    """Shuffled clips get shuffled answers."""
    order = np.random.default_rng(1).permutation(40)
    shuffled = predict(model, clips.take(order)).posterior
    np.testing.assert_allclose(shuffled, predict(model, clips).posterior[order], atol=1e-6)


def test_no_clip_gives_no_row(model):
    """An empty pool is no error."""
    prediction = predict(model, RaggedFeatures.from_list([], bands=16))
    assert prediction.posterior.shape == (0, 3)
    assert prediction.embeddings.shape == (0, 6)


def test_the_mode_of_the_network_is_left_alone(model, clips):
    """Scoring dev clips in the middle of training does not end it."""
    model.network.train()
    predict_with(model.network, clips, batch_clips=8)
    assert model.network.training


def test_other_bands_are_refused(model):
    """The message names the feature set of the model."""
    clips = RaggedFeatures.from_list([np.zeros((3, 8))])
    with pytest.raises(ConfigurationError, match="16 bands of feature set `test`, but have 8"):
        predict(model, clips)


def test_an_empty_batch_size_is_refused(model, clips):
    """At least one clip at a time."""
    with pytest.raises(ConfigurationError, match="`batch_clips` must be ≥ 1, but got 0"):
        predict(model, clips, batch_clips=0)


def test_clips_that_are_not_finite_are_refused(model, clips):
    """A NaN posterior is never returned."""
    clips.values[0] = np.nan
    with pytest.raises(ConfigurationError, match=r"clips at \[0\] hold NaN"):
        predict(model, clips)


def test_passes_are_members_of_a_single_network(model, clips):
    """They contradict each other, and everything else is what the network says without them."""
    plain, found = predict(model, clips), predict(model, clips, passes=4)
    assert plain.members.shape == (0, 40, 3)
    assert found.members.shape == (4, 40, 3)
    assert found.members.dtype == np.float32
    np.testing.assert_allclose(found.members.sum(axis=2), 1, atol=1e-6)
    assert (found.members.std(axis=0).max(axis=1) > 1e-4).all()
    for name in ("posterior", "embeddings", "ratings"):
        np.testing.assert_array_equal(getattr(found, name), getattr(plain, name))


def test_passes_are_drawn_by_the_seed_alone(model, clips):
    """Torch's generator is neither asked nor moved, and more passes begin with the same ones."""
    torch.manual_seed(1)
    first = predict(model, clips, passes=3, seed=5).members
    after = torch.rand(1)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(1), after)
    np.testing.assert_array_equal(predict(model, clips, passes=5, seed=5).members[:3], first)
    assert np.abs(predict(model, clips, passes=3, seed=6).members - first).max() > 1e-4


@pytest.mark.parametrize("batch_clips", [1, 7])
def test_a_pass_says_the_same_of_a_clip_in_any_batch(model, clips, batch_clips):
    """What it drops, it drops for all clips, whatever their order and their company."""
    expected = predict(model, clips, passes=3).members
    order = np.random.default_rng(1).permutation(40)[:30]
    found = predict(model, clips.take(order), passes=3, batch_clips=batch_clips).members
    np.testing.assert_allclose(found, expected[:, order], atol=1e-5)


def test_a_head_that_was_solved_for_has_no_passes(model, clips):
    """Its dropout layers are there, but it never learned to do without what they drop."""
    solved = replace(model, training={"solver": "ridge"})
    with pytest.raises(ConfigurationError, match=r"solved for by ridge.*train it by descent"):
        predict(solved, clips, passes=4)
