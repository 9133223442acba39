"""Planted label errors are found by a model that never saw the labels."""

import numpy as np
import pytest
from scipy.special import softmax

from annotation.clips import find_label_errors
from annotation.errors import SamplingError, VoteError

CLASSES = ("anger", "disgust", "fear", "happiness", "neutral", "sadness")


def plant(clips: int, noise: float, *, strength: float = 4.0, seed: int = 0):
    """Draw true classes, a model's posteriors of them, and labels of which some are flipped."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(6, size=clips)
    logits = rng.normal(size=(clips, 6))
    logits[np.arange(clips), truth] += strength
    # With this scale the softmax is the exact posterior, so the model is calibrated.
    logits *= strength
    flipped = rng.random(clips) < noise
    # Asymmetric: each class is mostly taken for the next one.
    shift = rng.choice([1, 2, 3], clips, p=[0.7, 0.2, 0.1])
    given = np.where(flipped, (truth + shift) % 6, truth)
    names = [f"clip-{number:05d}" for number in range(clips)]
    return names, given, softmax(logits, axis=1), flipped


@pytest.mark.parametrize(
    ("strength", "recall", "precision"),
    [(5.0, 0.99, 0.99), (3.5, 0.97, 0.90), (2.5, 0.90, 0.60), (1.5, 0.80, 0.25)],
    ids=["model-99.9", "model-97", "model-87", "model-61"],
)
def test_planted_flips_are_found(strength: float, recall: float, precision: float) -> None:
    """A tenth of the labels is flipped; models of four accuracies find at least these shares."""
    names, given, posterior, flipped = plant(6000, 0.1, strength=strength)
    suspected = find_label_errors(names, CLASSES, given, posterior).is_suspected
    hits = (suspected & flipped).sum()
    assert hits / flipped.sum() >= recall
    assert hits / suspected.sum() >= precision


def test_the_head_of_the_ranking_is_surest() -> None:
    """Of the hundred least credible labels of a middling model nearly all are wrong."""
    names, given, posterior, flipped = plant(6000, 0.1, strength=2.5)
    found = find_label_errors(names, CLASSES, given, posterior)
    assert flipped[found.ranking[:100]].mean() >= 0.95
    assert (np.diff(found.margin[found.ranking]) >= 0).all()


def test_the_noise_rate_is_estimated() -> None:
    """The joint distribution has the labels' shares as rows and the flips off its diagonal."""
    names, given, posterior, flipped = plant(6000, 0.1, strength=5.0)
    found = find_label_errors(names, CLASSES, given, posterior)
    assert found.noise_rate == pytest.approx(flipped.mean(), abs=0.01)
    assert np.allclose(found.joint.sum(axis=1), np.bincount(given, minlength=6) / 6000)
    next_class = found.joint[np.arange(6), (np.arange(6) - 1) % 6].sum()
    assert next_class == pytest.approx(0.07, abs=0.01)


def test_it_is_the_definition() -> None:
    """Thresholds and counts equal the paper's equations, written out in loops."""
    names, given, posterior, _ = plant(120, 0.2, strength=2.0, seed=4)
    found = find_label_errors(names, CLASSES, given, posterior)
    thresholds = [posterior[given == c, c].mean() for c in range(6)]
    counts = np.zeros((6, 6), int)
    for label, row in zip(given, posterior, strict=True):
        confident = [c for c in range(6) if row[c] >= thresholds[c]]
        if confident:
            counts[label, max(confident, key=lambda c: row[c])] += 1
    assert found.thresholds == pytest.approx(thresholds)
    assert np.array_equal(found.confident_joint, counts)


def test_a_suspect_carries_its_evidence() -> None:
    """Why a label is doubted can be read and stored."""
    posterior = [[0.9, 0.1], [0.8, 0.2], [0.9, 0.1], [0.2, 0.8], [0.1, 0.9]]
    found = find_label_errors("abcde", ["calm", "joy"], [0, 0, 1, 1, 1], posterior)
    (suspect,) = found.suspects()
    assert suspect.sentence() == (
        "labelled joy, which the model gives 0.10; calm gets 0.90, where clips labelled calm "
        "get 0.85 on average"
    )
    assert found.to_table().to_pylist()[0]["margin"] == pytest.approx(-0.8)


def test_equally_doubtful_labels_are_ranked_by_id() -> None:
    """The ranking depends on nothing but the clips."""
    posterior = [[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.1, 0.9]]
    found = find_label_errors("dcbae", ["calm", "joy"], [0, 1, 1, 1, 1], posterior)
    turned = find_label_errors("eabcd", ["calm", "joy"], [1, 1, 1, 1, 0], posterior[::-1])
    assert turned.suspects() == found.suspects()
    assert [suspect.clip_id for suspect in found.suspects()] == ["b", "c"]
    assert [suspect.clip_id for suspect in found.suspects(limit=1)] == ["b"]


def test_clips_without_label_and_classes_without_clips_are_left_alone() -> None:
    """A class nobody bears has no threshold and suspects nobody."""
    posterior = [[0.1, 0.8, 0.1], [0.7, 0.2, 0.1], [0.1, 0.1, 0.8]]
    found = find_label_errors("abc", ["x", "y", "z"], [0, 0, -1], posterior)
    assert np.isnan(found.thresholds[1:]).all()
    assert found.ranking.tolist() == []
    assert found.likely.tolist() == [-1, -1, -1]
    assert np.isnan(found.margin[2])


def test_without_any_label_nothing_is_estimated() -> None:
    """Undefined is NaN, not zero noise."""
    found = find_label_errors("a", ["x", "y"], [-1], [[0.5, 0.5]])
    assert np.isnan(found.noise_rate)
    assert found.to_table().num_rows == 0
    assert find_label_errors([], ["x", "y"], [], np.zeros((0, 2))).ranking.tolist() == []


@pytest.mark.parametrize(
    ("clips", "given", "posterior", "message"),
    [
        ("ab", [0], [[1, 0], [0, 1]], r"`given` must be \(2,\)"),
        ("aa", [0, 1], [[1, 0], [0, 1]], "`clips` must be distinct, but 1 repeat"),
        ("ab", [0, 2], [[1, 0], [0, 1]], "runs from 0 to 2"),
        ("ab", [-2, 1], [[1, 0], [0, 1]], "runs from -2 to 1"),
    ],
    ids=["length", "repeated", "beyond", "below"],
)
def test_input_that_does_not_fit_is_refused(clips, given, posterior, message: str) -> None:
    """The message names what does not fit."""
    with pytest.raises(VoteError, match=message):
        find_label_errors(clips, ["x", "y"], given, posterior)
    with pytest.raises(SamplingError):
        find_label_errors("ab", ["x", "y"], [0, 1], [[1, 1], [0, 1]])
