"""Expected change against loops over classes and answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.confusion import confusion_for
from annotation.errors import SamplingError
from annotation.sampling import expected_change


def by_loops(posterior: np.ndarray, confusion: np.ndarray) -> list[float]:
    """Return the definition: each answer, the posterior after it, its distance from before."""
    expected = []
    for before in posterior:
        change = 0.0
        for answer in range(len(before)):
            chance = sum(before[truth] * confusion[truth, answer] for truth in range(len(before)))
            if chance:
                after = before * confusion[:, answer] / chance
                change += chance * 0.5 * np.abs(after - before).sum()
        expected.append(change)
    return expected


@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_it_is_the_definition(classes: int, seed: int) -> None:
    """On any posterior and any way of confusing classes, answers that never come among them."""
    rng = np.random.default_rng(seed)
    posterior = rng.dirichlet(np.full(classes, 0.3), 7)
    confusion = rng.dirichlet(np.full(classes, 0.3), classes)
    found = expected_change(posterior, confusion)
    np.testing.assert_allclose(found, by_loops(posterior, confusion), atol=1e-9)


def test_a_right_answer_changes_by_the_gini_index() -> None:
    """With the identity as confusion, or with none."""
    posterior = np.random.default_rng(0).dirichlet([0.5] * 4, 5000)
    gini = 1 - np.square(posterior).sum(axis=1)
    np.testing.assert_allclose(expected_change(posterior), gini, atol=1e-12)
    np.testing.assert_allclose(expected_change(posterior, np.eye(4)), gini, atol=1e-12)


def test_people_change_less_than_the_truth_would() -> None:
    """Listeners of CREMA-D's skill are worth less on every clip, and a guesser nothing."""
    posterior = np.random.default_rng(0).dirichlet([0.5] * 6, 300)
    classes = ["anger", "disgust", "fear", "happiness", "neutral", "sadness"]
    found = expected_change(posterior, confusion_for(classes))
    assert (found < expected_change(posterior)).all()
    assert (found > 0).all()
    np.testing.assert_allclose(expected_change(posterior, np.full((6, 6), 1 / 6)), 0, atol=1e-12)


def test_classes_that_people_mix_up_are_worth_less() -> None:
    """Two rows equally even: people tell the first two classes apart, not the last two."""
    confusion = [[0.9, 0.05, 0.05, 0], [0.05, 0.9, 0, 0.05], [0, 0, 0.5, 0.5], [0, 0, 0.5, 0.5]]
    clear, mixed = expected_change([[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]], confusion)
    assert clear > 0.4
    assert mixed == pytest.approx(0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.eye(2), r"must be \(3, 3\), the classes of `posterior`, but has shape \(2, 2\)"),
        (np.ones((3, 3)), "row 0 of `confusion` must be probabilities"),
        (np.full((3, 3), np.nan), "row 0 of `confusion`"),
    ],
)
def test_a_wrong_confusion_is_refused(wrong: np.ndarray, message: str) -> None:
    """With its shape or the row."""
    with pytest.raises(SamplingError, match=message):
        expected_change([[0.2, 0.3, 0.5]], wrong)
