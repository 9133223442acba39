"""Recalls and their means, with scikit-learn as the reference."""

import numpy as np
import pytest
from sklearn import metrics as reference

from ser.errors import ConfigurationError
from ser.metrics.classification import (
    classification_statistic,
    confusion_matrix,
    f1_scores,
    macro_f1,
    mean_recall,
    precisions,
    recalls,
    unweighted_average_recall,
    weighted_average_recall,
)


@pytest.fixture(params=range(5))
def labels(request) -> tuple[np.ndarray, np.ndarray]:
    """Return random true and predicted classes, each of five classes present."""
    rng = np.random.default_rng(request.param)
    truth = np.concatenate([np.arange(5), rng.integers(5, size=120)])
    return truth, np.where(rng.random(125) < 0.6, truth, rng.integers(5, size=125))


def test_confusion_matrix_equals_that_of_sklearn(labels):
    """Rows are true classes."""
    expected = reference.confusion_matrix(*labels, labels=range(5))
    assert np.array_equal(confusion_matrix(*labels, 5), expected)


def test_uar_equals_the_macro_recall_of_sklearn(labels):
    """Every class counts the same."""
    expected = reference.recall_score(*labels, average="macro")
    assert unweighted_average_recall(*labels, 5) == pytest.approx(expected, abs=1e-12)


def test_war_equals_the_accuracy_of_sklearn(labels):
    """Every clip counts the same."""
    expected = reference.accuracy_score(*labels)
    assert weighted_average_recall(*labels, 5) == pytest.approx(expected, abs=1e-12)


def test_precision_recall_and_f1_per_class_equal_those_of_sklearn(labels):
    """Each class by itself."""
    precision, recall, f1, _ = reference.precision_recall_fscore_support(*labels)
    confusion = confusion_matrix(*labels, 5)
    assert precisions(confusion) == pytest.approx(precision, abs=1e-12)
    assert recalls(confusion) == pytest.approx(recall, abs=1e-12)
    assert f1_scores(confusion) == pytest.approx(f1, abs=1e-12)


def test_statistic_holds_every_metric_by_name(labels):
    """One evaluation gives all that sklearn gives one by one."""
    found = classification_statistic(*labels, list("abcde")).evaluate()
    expected = {
        "uar": reference.recall_score(*labels, average="macro"),
        "war": reference.accuracy_score(*labels),
        "macro_f1": reference.f1_score(*labels, average="macro"),
        "weighted_f1": reference.f1_score(*labels, average="weighted"),
        "recall/b": reference.recall_score(*labels, average=None)[1],
        "precision/c": reference.precision_score(*labels, average=None)[2],
        "f1/e": reference.f1_score(*labels, average=None)[4],
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-12)
    assert len(found) == 4 + 3 * 5


def test_macro_f1_counts_a_class_that_is_predicted_but_never_true():
    """As in sklearn; a class that is neither is left out."""
    truth, prediction = np.array([0, 0, 1, 1]), np.array([0, 2, 1, 1])
    expected = reference.f1_score(truth, prediction, average="macro", zero_division=0)
    confusion = confusion_matrix(truth, prediction, 4)
    assert macro_f1(confusion) == pytest.approx(expected, abs=1e-12)
    found = classification_statistic(truth, prediction, list("abcd")).evaluate()
    expected = reference.f1_score(truth, prediction, average="weighted", zero_division=0)
    assert found["weighted_f1"] == pytest.approx(expected, abs=1e-12)
    assert np.isnan([found["recall/c"], found["f1/d"], found["precision/d"]]).all()


def test_uar_leaves_out_classes_without_a_true_clip():
    """A class that never occurs has no recall, as in sklearn's balanced accuracy."""
    truth, prediction = np.array([0, 0, 1, 1]), np.array([0, 2, 1, 1])
    assert unweighted_average_recall(truth, prediction, 3) == 0.75
    assert np.isnan(recalls(confusion_matrix(truth, prediction, 3))[2])


def test_without_clips_everything_is_nan():
    """No number is made up."""
    nothing = np.empty(0, dtype=np.int64)
    assert np.isnan(unweighted_average_recall(nothing, nothing, 3))
    assert np.isnan(weighted_average_recall(nothing, nothing, 3))


def test_mean_recall_of_stacked_matrices_equals_each_by_itself():
    """Leading axes are batches."""
    stack = np.random.default_rng(0).integers(0, 9, (4, 3, 3))
    assert mean_recall(stack).tolist() == [float(mean_recall(matrix)) for matrix in stack]


@pytest.mark.parametrize(
    ("truth", "prediction", "message"),
    [
        ([0, 3], [0, 1], r"`truth` must lie in 0 … 2, but holds \[3\]"),
        ([0, 1], [0, -1], r"`prediction` must lie in 0 … 2, but holds \[-1\]"),
        ([0, 1], [0], r"one class per clip, but got \(2,\) and \(1,\)"),
        ([0.0], [0], "`truth` must be integers"),
    ],
    ids=["beyond", "undecided", "unequal", "not integer"],
)
def test_labels_that_do_not_fit_are_refused(truth, prediction, message):
    """The message names the argument and the values."""
    with pytest.raises(ConfigurationError, match=message):
        confusion_matrix(np.array(truth), np.array(prediction), 3)
