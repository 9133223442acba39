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


def test_a_network_with_classes_is_chosen_by_its_uar():
    """Whatever else it predicts."""
    features, labels, _ = make_clips(9, seed=2)
    prediction = predict_with(make_network(3), features, batch_clips=9).labels
    expected = unweighted_average_recall(labels, prediction, 3)
    found = make_part().score(make_network(3))
    assert found.uar == found.deciding == pytest.approx(expected)


def expect_ccc(network: EmotionNetwork) -> float:
    """Return the mean CCC of each dimension over its own known clips."""
    features, _, ratings = make_clips(9, seed=2)
    found = predict_with(network, features, batch_clips=9).ratings
    known = ~np.isnan(ratings)
    return np.mean(
        [concordance_correlation(ratings[k, d], found[k, d]) for d, k in enumerate(known.T)]
    )


def test_ratings_beside_classes_are_judged_too():
    """By their mean CCC, which chooses no epoch."""
    found = make_part().score(make_network(3))
    assert found.ccc == pytest.approx(expect_ccc(make_network(3)), abs=1e-6)
    assert found.ccc != found.deciding


def test_without_rated_dev_clips_there_is_no_ccc():
    """Classes are judged all the same, and a dimension that nobody rated is left out."""
    assert make_part(ratings=None).score(make_network(3)).ccc is None
    assert make_part(ratings=np.full((9, 2), np.nan)).score(make_network(3)).ccc is None
    features, _, ratings = make_clips(9, seed=2)
    ratings[:, 1] = np.nan
    heard = ~np.isnan(ratings[:, 0])
    rated = predict_with(make_network(3), features, batch_clips=9).ratings[:, 0]
    expected = concordance_correlation(ratings[heard, 0], rated[heard])
    found = make_part(ratings=ratings).score(make_network(3)).ccc
    assert found == pytest.approx(expected, abs=1e-6)


def test_ratings_alone_are_judged_by_the_mean_ccc_of_known_ones():
    """Each dimension over its own known clips."""
    found = make_part(classes=False).score(make_network(0))
    assert found.uar is None
    assert found.ccc == found.deciding == pytest.approx(expect_ccc(make_network(0)), abs=1e-6)


@pytest.mark.parametrize(
    ("classes", "wrong", "message"),
    [
        (True, {"labels": None}, "`dev` must have labels"),
        (True, {"labels": np.arange(9)}, "`dev`"),
        (True, {"labels": np.zeros(8, int)}, "`dev` must have one label per clip"),
        (True, {"ratings": np.zeros((9, 1))}, r"shape .* \(9, 2\), or none, but got \(9, 1\)"),
        (False, {"ratings": None}, r"`dev` must have ratings of the shape .* \(9, 2\)"),
        (False, {"ratings": np.full((9, 2), np.nan)}, "a known one in each dimension"),
    ],
    ids=["no labels", "labels beyond", "too few", "other ratings", "no ratings", "unknown"],
)
def test_what_cannot_judge_is_refused(classes, wrong, message):
    """The message says what is needed."""
    with pytest.raises(ConfigurationError, match=message):
        make_part(classes=classes, **wrong)
