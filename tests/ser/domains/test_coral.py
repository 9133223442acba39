"""CORAL: a distance of moments, and less of it between two microphones."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ser.audio.augment.record import Augmentation
from ser.domains.coral import coral_distance
from ser.inference.predictor import predict
from ser.metrics.classification import unweighted_average_recall
from ser.training.parameters import TrainingParameters
from tests.ser.training.unlabelled_clips import make_clips, train

LONG = TrainingParameters(
    epochs=12, batch_size=16, learning_rate=5e-3, augmentation=Augmentation(speed_factors=())
)


def test_the_distance_is_that_of_the_formula():
    """By NumPy's moments."""
    rng = np.random.default_rng(0)
    one, other = rng.normal(0, 1, (20, 3)), rng.normal(1, 2, (30, 3))
    expected = np.square(one.mean(0) - other.mean(0)).sum() / 3
    expected += np.square(np.cov(one.T) - np.cov(other.T)).sum() / (4 * 3**2)
    found = coral_distance(torch.from_numpy(one), torch.from_numpy(other))
    assert found.item() == pytest.approx(expected)


def test_a_single_clip_has_no_covariance():
    """And no NaN."""
    assert coral_distance(torch.ones(1, 3), torch.zeros(2, 3)).item() == 1.0


@pytest.mark.parametrize("domain", ["coral", "adversarial"])
def test_labels_of_one_microphone_serve_another(domain):
    """Better than without having heard its clips, over seeds."""
    clips = make_clips(96, seed=1, loud=0.6)
    without = make_clips(96, seed=2, loud=0.6, microphone=2.0)[0]
    features, labels = make_clips(200, seed=3, loud=0.6, microphone=2.0)
    found = {}
    for choice in ("none", domain):
        given = None if choice == "none" else without
        models = [
            train(replace(LONG, domain=choice), clips=clips, seed=seed, unlabelled=given)
            for seed in range(3)
        ]
        found[choice] = np.mean(
            [unweighted_average_recall(labels, predict(m, features).labels, 2) for m in models]
        )
    assert found[domain] > found["none"] + 0.1
