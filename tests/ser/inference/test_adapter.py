"""Adapting the last layer to a few labelled clips."""

import numpy as np
import pytest

from ser.errors import ConfigurationError
from ser.inference.adapter import Adapter, fit_adapter
from ser.inference.predictor import Prediction


def say(embeddings: np.ndarray, posterior: np.ndarray) -> Prediction:
    """Return what a single network says."""
    nothing = np.empty((len(embeddings), 0), np.float32)
    members = np.empty((0, *posterior.shape), np.float32)
    return Prediction(posterior.astype(np.float32), embeddings.astype(np.float32), nothing, members)


@pytest.fixture
def heard() -> tuple[Prediction, np.ndarray]:
    """Return 40 clips of two classes that embeddings tell apart and the model does not."""
    rng = np.random.default_rng(0)
    labels = np.arange(40) % 2
    embeddings = rng.normal(size=(40, 5)) + 4 * np.eye(5)[labels]
    return say(embeddings, np.full((40, 2), 0.5)), labels


def test_labelled_clips_teach_their_classes(heard):
    """From a coin toss, four clips make the other 36 right."""
    prediction, labels = heard
    first = say(prediction.embeddings[:4], prediction.posterior[:4])
    adapter = fit_adapter(first, labels[:4], penalty=0.1)
    assert (adapter.apply(prediction)[4:].argmax(axis=1) == labels[4:]).mean() > 0.9


def test_strong_prior_keeps_the_model(heard):
    """With a large penalty the posterior stays what it was."""
    prediction, labels = heard
    adapter = fit_adapter(prediction, labels, penalty=1e6)
    np.testing.assert_allclose(adapter.apply(prediction), prediction.posterior, atol=1e-4)


def test_solution_is_the_optimum(heard):
    """At the solution the gradient in the weights themselves is 0."""
    prediction, labels = heard
    adapter = fit_adapter(prediction, labels, penalty=0.5)
    units = prediction.embeddings / np.linalg.norm(prediction.embeddings, axis=1, keepdims=True)
    described = np.hstack((units, np.ones((40, 1))))
    slope = (adapter.apply(prediction) - np.eye(2)[labels]).T @ described + 0.5 * adapter.weights
    assert np.abs(slope).max() < 0.02


def test_equal_clips_do_no_harm(heard):
    """One clip given twice is no singular problem."""
    prediction, labels = heard
    twice = say(prediction.embeddings[[0, 0, 1]], prediction.posterior[[0, 0, 1]])
    assert np.isfinite(fit_adapter(twice, labels[[0, 0, 1]], penalty=0.1).weights).all()


def test_odd_lessons_are_refused(heard):
    """Labels must be one of each clip, and the penalty positive; other models do not fit."""
    prediction, labels = heard
    with pytest.raises(ConfigurationError, match="39 of 40 clips"):
        fit_adapter(prediction, labels[1:], penalty=1.0)
    with pytest.raises(ConfigurationError, match="`penalty` > 0"):
        fit_adapter(prediction, labels, penalty=0.0)
    with pytest.raises(ConfigurationError, match="3 classes and embeddings of 5"):
        Adapter(np.zeros((3, 6), np.float32)).apply(prediction)
