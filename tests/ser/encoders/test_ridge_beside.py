"""A solved head gains from clips nobody labelled, and says how sure it is of strangers."""

import numpy as np
import pytest
from scipy.special import softmax

from ser.encoders.kernel_ridge import mean_product
from ser.encoders.ridge import fit_ridge
from ser.encoders.ridge_beside import Beside, balance, judge_strangers, teach_itself
from ser.encoders.ridge_model import train_ridge
from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.inference.predictor import predict
from ser.metrics.calibration import negative_log_likelihood
from ser.metrics.classification import unweighted_average_recall
from ser.metrics.posteriors import one_hot
from ser.models.parameters import NetworkParameters

CENTRES = np.random.default_rng(5).normal(0, 1, (3, 20))
VOICES = 10


def make_clips(clips: int, seed: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return statistics of three classes, class numbers and speakers; most numbers say nothing."""
    rng = np.random.default_rng(seed)
    labels, voices = rng.integers(0, 3, clips), rng.integers(0, VOICES, clips)
    values = rng.normal(0, 1, (clips, 2, 100)).astype(np.float32)
    values[:, 0, :20] += CENTRES[labels]
    return values, labels, [f"s{voice}" for voice in voices]


HEARD, _, WHOSE = make_clips(400, seed=1)
NEW, TRUTH, _ = make_clips(400, seed=2)


def learn(seed: int, **options):
    """Return the heads of 36 labels without and with clips beside, and what they learned from."""
    known = make_clips(36, seed=10 + seed)
    head = fit_ridge(*known, n_classes=3)
    beside = Beside(HEARD, WHOSE, **options)
    return head, teach_itself(head, *known, beside), known


def judge(head) -> tuple[float, float]:
    """Return UAR and surprise of clips of new draws."""
    posterior = softmax(head.logits(NEW).astype(float), axis=1)
    uar = unweighted_average_recall(TRUTH, posterior.argmax(axis=1), 3)
    return uar, negative_log_likelihood(TRUTH, posterior)


def test_clips_without_labels_are_worth_points() -> None:
    """On every draw of labels, and what is said is less surprising too."""
    pairs = [[judge(head) for head in learn(seed)[:2]] for seed in range(6)]
    gains = np.array([(b[0] - a[0], a[1] - b[1]) for a, b in pairs])
    assert gains[:, 0].mean() > 0.03
    assert (gains > 0).all(axis=1).sum() >= 5


def test_classes_are_believed_as_often_as_labels_hold_them() -> None:
    """Exactly, unless they are not to be."""
    posterior = np.random.default_rng(0).dirichlet([5.0, 1.0, 1.0], 200)
    wanted = np.array([0.2, 0.3, 0.5])
    np.testing.assert_allclose(balance(posterior, wanted).mean(axis=0), wanted, atol=1e-3)
    balanced, free = (learn(0, is_balanced=each)[1].weights for each in (True, False))
    assert not np.allclose(balanced, free)


def test_whoever_judges_was_not_heard() -> None:
    """What one of two speakers says elsewhere changes what is said of the other alone."""
    features, labels, _ = make_clips(36, seed=10)
    names = [f"s{clip % 2}" for clip in range(36)]
    head = fit_ridge(features, labels, names, n_classes=3, n_folds=2)
    beside = Beside(HEARD, ["s0"] * 400)
    said = []
    for heard in (HEARD, HEARD[::-1] ** 3):
        both = np.concatenate([features, heard]).reshape(436, -1)
        said.append(
            judge_strangers(
                mean_product(both), one_hot(labels, 3), names, head, beside, n_folds=2, seed=0
            )
        )
    is_own = np.array(names) == "s0"
    np.testing.assert_allclose(said[0][is_own], said[1][is_own])
    assert not np.allclose(said[0][~is_own], said[1][~is_own])


def test_few_of_many_clips_are_drawn_by_the_seed() -> None:
    """As many as are wanted, in their order, the same each time."""
    beside = Beside(HEARD, WHOSE)
    few = beside.at_most(50, seed=3)
    assert len(few.features) == len(few.speakers) == 50
    assert np.array_equal(few.features, beside.at_most(50, seed=3).features)
    assert not np.array_equal(few.features, beside.at_most(50, seed=4).features)
    assert beside.at_most(400, seed=3) is beside


def test_a_stored_model_is_the_head_and_tells_how_many_it_heard() -> None:
    """Alone, and as members who say together what it says."""
    _, taught, (features, labels, names) = learn(0)
    for members in (1, 3):
        model = train_ridge(
            RaggedFeatures.from_list(list(features)),
            labels,
            names,
            classes=("a", "b", "c"),
            feature_set="encoder",
            sample_rate=16000,
            model=NetworkParameters(layers=2, embedding_size=0, members=members),
            beside=Beside(HEARD, WHOSE),
        )
        said = predict(model, RaggedFeatures.from_list(list(NEW))).posterior
        np.testing.assert_allclose(said, softmax(taught.logits(NEW), axis=1), atol=1e-4)
        assert model.training["unlabelled"] == 400


@pytest.mark.parametrize("changes", [{"weight": 0.0}, {"speakers": ["s1"]}])
def test_what_does_not_fit_is_refused(changes) -> None:
    """With both numbers."""
    with pytest.raises(ConfigurationError, match="`speakers` must name one for each of 400 clips"):
        Beside(**{"features": HEARD, "speakers": WHOSE, **changes})
