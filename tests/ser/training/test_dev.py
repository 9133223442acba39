"""Judging a network that still trains."""

import numpy as np
import pytest
import torch

from ser.errors import ConfigurationError
from ser.inference.predictor import predict_with
from ser.metrics.classification import unweighted_average_recall
from ser.metrics.ratings import concordance_correlation
from ser.models.build import build_network
from ser.models.network import EmotionNetwork
from ser.training.dataset import DevClips, TrainingClips
from ser.training.dev import DevPart
from ser.training.distributed import Share
from tests.ser.training.trainee import NETWORK, make_clips

CLASSES = ("anger", "neutral", "sadness")


def make_part(*, classes: bool = True, **dev: object) -> DevPart:
    """Return dev clips for a network that learns classes and ratings, or ratings alone."""
    features, labels, ratings = make_clips(12, seed=1)
    targets = np.eye(3)[labels] if classes else np.empty((12, 0))
    names = CLASSES if classes else ()
    clips = TrainingClips.checked(
        [features], targets, names, decided=True, ratings=ratings, rated=NETWORK.ratings
    )
    return DevPart.checked(DevClips(*make_clips(9, seed=2))._replace(**dev), clips, Share())


def make_network(n_classes: int) -> EmotionNetwork:
    """Return a small random network."""
    torch.manual_seed(0)
    return build_network(NETWORK, n_classes=n_classes, n_bands=16)


def test_a_network_with_classes_is_judged_by_its_uar():
    """Whatever else it predicts."""
    features, labels, _ = make_clips(9, seed=2)
    prediction = predict_with(make_network(3), features, batch_clips=9).labels
    expected = unweighted_average_recall(labels, prediction, 3)
    assert make_part().score(make_network(3)) == pytest.approx(expected)


def test_ratings_alone_are_judged_by_the_mean_ccc_of_known_ones():
    """Each dimension over its own known clips."""
    features, _, ratings = make_clips(9, seed=2)
    found = predict_with(make_network(0), features, batch_clips=9).ratings
    known = ~np.isnan(ratings)
    expected = np.mean(
        [concordance_correlation(ratings[k, d], found[k, d]) for d, k in enumerate(known.T)]
    )
    assert make_part(classes=False).score(make_network(0)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("classes", "wrong", "message"),
    [
        (True, {"labels": None}, "`dev` must have labels"),
        (True, {"labels": np.arange(9)}, "`dev`"),
        (True, {"labels": np.zeros(8, int)}, "`dev` must have one label per clip"),
        (False, {"ratings": None}, r"`dev` must have ratings of the shape .* \(9, 2\)"),
        (False, {"ratings": np.full((9, 2), np.nan)}, "a known one in each dimension"),
    ],
    ids=["no labels", "labels beyond", "too few", "no ratings", "unknown"],
)
def test_what_cannot_judge_is_refused(classes, wrong, message):
    """The message says what is needed."""
    with pytest.raises(ConfigurationError, match=message):
        make_part(classes=classes, **wrong)
