"""The confusion of real listeners, and its extension to other class lists."""

from collections.abc import Callable

import numpy as np
import pytest

from annotation.aggregation import DawidSkene
from annotation.confusion import CREMA_D_CLASSES, CREMA_D_VOICE_CONFUSION, confusion_for
from annotation.errors import AnnotationError
from annotation.votes import VoteMatrix

Reader = Callable[[str], tuple[VoteMatrix, np.ndarray]]

RAVDESS = ("neutral", "calm", "happiness", "sadness", "anger", "fear", "disgust", "surprise")


def test_the_constant_is_derived_from_the_votes(read_crema_d: Reader) -> None:
    """Dawid-Skene on the published counts gives the stored matrix to four digits."""
    votes, _ = read_crema_d("audio")
    confusion = DawidSkene(tolerance=1e-7).aggregate(votes).confusion
    assert confusion is not None
    np.testing.assert_allclose(confusion[0], CREMA_D_VOICE_CONFUSION, atol=1e-4)


def test_the_rejected_candidates_have_the_stated_accuracy(read_crema_d: Reader) -> None:
    """Against the intended emotion 0.407; against the majority of the other votes 0.530."""
    votes, acted = read_crema_d("audio")
    counts = votes.class_counts()
    intended, others = np.zeros((6, 6)), np.zeros((6, 6))
    np.add.at(intended, acted, counts)
    for label in range(6):
        rest = counts - np.eye(6, dtype=int)[label]
        leads = rest == rest.max(axis=1, keepdims=True)
        usable = (counts[:, label] > 0) & (leads.sum(axis=1) == 1)
        np.add.at(others[:, label], rest[usable].argmax(axis=1), counts[usable, label])
    means = [np.diag(m / m.sum(axis=1, keepdims=True)).mean() for m in (intended, others)]
    assert means == pytest.approx([0.407, 0.530], abs=5e-4)
    stored = np.array(CREMA_D_VOICE_CONFUSION)
    assert np.abs(others / others.sum(axis=1, keepdims=True) - stored).max() < 0.13


def test_crema_d_classes_get_crema_d_back() -> None:
    """The known list in its own order is the constant, rows scaled to exactly 1."""
    np.testing.assert_allclose(confusion_for(CREMA_D_CLASSES), CREMA_D_VOICE_CONFUSION, atol=1e-4)


@pytest.mark.parametrize(
    "classes",
    [RAVDESS, ("anger", "happiness"), ("calm", "boredom", "surprise"), ("joy",), ("anger",)],
    ids=["ravdess", "subset", "unknown", "one-unknown", "one-known"],
)
def test_rows_are_distributions(classes: tuple[str, ...]) -> None:
    """Any class list gives a square matrix of probabilities, nobody worse than chance."""
    matrix = confusion_for(classes)
    assert matrix.shape == (len(classes), len(classes))
    assert (matrix >= 0).all()
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-12)
    assert (np.diag(matrix) >= 1 / len(classes)).all()


def test_a_class_without_data_follows_the_rule() -> None:
    """Calm gets the mean accuracy, even errors, and its even share of the others' errors."""
    matrix = confusion_for(RAVDESS)
    known = [index for index, name in enumerate(RAVDESS) if name in CREMA_D_CLASSES]
    calm, neutral = RAVDESS.index("calm"), RAVDESS.index("neutral")
    assert matrix[calm, calm] == pytest.approx(np.diag(matrix)[known].mean())
    assert matrix[calm, neutral] == pytest.approx((1 - matrix[calm, calm]) / 7)
    assert matrix[neutral, neutral] == pytest.approx(0.7603, abs=1e-3)
    assert matrix[neutral, calm] == pytest.approx((1 - matrix[neutral, neutral]) / 7)


def test_class_order_only_permutes() -> None:
    """The matrix belongs to the names, not to their order."""
    straight, reversed_ = confusion_for(RAVDESS), confusion_for(RAVDESS[::-1])
    np.testing.assert_allclose(straight, reversed_[::-1, ::-1], atol=1e-12)


@pytest.mark.parametrize("classes", [(), ("joy", "joy")], ids=["none", "repeated"])
def test_bad_classes_are_refused(classes: tuple[str, ...]) -> None:
    """A confusion needs distinct classes."""
    with pytest.raises(AnnotationError, match="`classes` must be distinct and at least one"):
        confusion_for(classes)
