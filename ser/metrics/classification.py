"""How often the predicted class is the true one, per class and overall."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from ser.errors import ConfigurationError
from ser.metrics.statistic import FloatArray, SummedStatistic, ratio

Labels = npt.NDArray[np.integer]
Counts = npt.NDArray[np.integer] | FloatArray


def confusion_matrix(truth: Labels, prediction: Labels, n_classes: int) -> npt.NDArray[np.int64]:
    """Count clips by true class (rows) and predicted class (columns).

    Args:
        truth: True class of each clip, int ``(N,)`` in 0 … C − 1.
        prediction: Predicted class of each clip, int ``(N,)`` in 0 … C − 1.
        n_classes: C.

    Returns:
        Counts, ``(C, C)``.

    Raises:
        ConfigurationError: If the arrays differ in shape, are not integers or leave the range.

    Example:
        >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
        [[1, 1], [0, 1]]
    """
    cells = _cells(truth, prediction, n_classes)
    return np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)


def recalls(confusion: Counts) -> FloatArray:
    """Return the recall of each class, NaN for a class that never occurs.

    Args:
        confusion: Counts, true class × predicted class, ``(…, C, C)``.

    Returns:
        Diagonal divided by row sums, ``(…, C)``.

    Example:
        >>> recalls(np.array([[3, 1], [0, 0]])).tolist()
        [0.75, nan]
    """
    return ratio(_hits(confusion), confusion.sum(axis=-1))


def precisions(confusion: Counts) -> FloatArray:
    """Return the precision of each class, NaN for a class that is never predicted.

    Args:
        confusion: Counts, true class × predicted class, ``(…, C, C)``.

    Returns:
        Diagonal divided by column sums, ``(…, C)``.

    Example:
        >>> precisions(np.array([[3, 0], [1, 0]])).tolist()
        [0.75, nan]
    """
    return ratio(_hits(confusion), confusion.sum(axis=-2))


def f1_scores(confusion: Counts) -> FloatArray:
    """Return the F1 of each class, NaN for one that neither occurs nor is predicted.

    ``F1 = 2 · hits / (true clips + predicted clips)``, the harmonic mean of precision and recall.

    Args:
        confusion: Counts, true class × predicted class, ``(…, C, C)``.

    Returns:
        ``(…, C)``.

    Example:
        >>> f1_scores(np.array([[3, 1, 0], [0, 0, 0], [0, 0, 0]])).round(3).tolist()
        [0.857, 0.0, nan]
    """
    return ratio(2 * _hits(confusion), confusion.sum(axis=-1) + confusion.sum(axis=-2))


def mean_recall(confusion: Counts) -> FloatArray:
    """Return the mean recall of the classes that occur, NaN when none does.

    Args:
        confusion: Counts, true class × predicted class, ``(…, C, C)``.

    Returns:
        One number per matrix, ``(…,)``.
    """
    return _mean_of_defined(recalls(confusion))


def macro_f1(confusion: Counts) -> FloatArray:
    """Return the mean F1 of the classes that occur or are predicted, NaN without a clip.

    Args:
        confusion: Counts, true class × predicted class, ``(…, C, C)``.

    Returns:
        One number per matrix, ``(…,)``.
    """
    return _mean_of_defined(f1_scores(confusion))


def weighted_f1(confusion: Counts) -> FloatArray:
    """Return the mean F1 over clips, each with that of its true class; NaN without a clip.

    Args:
        confusion: Counts, true class × predicted class, ``(…, C, C)``.

    Returns:
        One number per matrix, ``(…,)``.
    """
    occurrences = confusion.sum(axis=-1)
    weighted = np.nan_to_num(f1_scores(confusion)) * occurrences
    return ratio(weighted.sum(axis=-1), occurrences.sum(axis=-1))


def accuracy(confusion: Counts) -> FloatArray:
    """Return the share of clips predicted right (WAR), NaN without a clip.

    Args:
        confusion: Counts, true class × predicted class, ``(…, C, C)``.

    Returns:
        One number per matrix, ``(…,)``.
    """
    return ratio(_hits(confusion).sum(axis=-1), confusion.sum(axis=(-2, -1)))


def classification_statistic(
    truth: Labels, prediction: Labels, classes: Sequence[str]
) -> SummedStatistic:
    """Return every classification metric of the clips, ready to be resampled.

    Args:
        truth: True class of each clip, int ``(N,)`` in 0 … C − 1.
        prediction: Predicted class of each clip, int ``(N,)`` in 0 … C − 1.
        classes: C names.

    Returns:
        `uar`, `war`, `macro_f1`, `weighted_f1`, then `recall/CLASS`, `precision/CLASS` and
        `f1/CLASS` for each class.

    Raises:
        ConfigurationError: If the arrays differ in shape, are not integers or leave the range.

    Example:
        >>> found = classification_statistic(np.array([0, 0, 1]), np.array([0, 1, 1]), ["a", "b"])
        >>> found.evaluate()["uar"], found.evaluate()["precision/b"]
        (0.75, 0.5)
    """
    cells = _cells(truth, prediction, len(classes))
    counted = np.zeros((len(cells), len(classes) ** 2))
    counted[np.arange(len(cells)), cells] = 1.0
    per_class = (f"{metric}/{name}" for metric in ("recall", "precision", "f1") for name in classes)
    names = ("uar", "war", "macro_f1", "weighted_f1", *per_class)
    return SummedStatistic(names, counted, partial(_finish, n_classes=len(classes)))


def unweighted_average_recall(truth: Labels, prediction: Labels, n_classes: int) -> float:
    """Return the mean recall over classes (UAR): every class counts the same.

    ``UAR = mean over classes c of  #(truth = c and prediction = c) / #(truth = c)``. A class
    without a true clip has no recall and is left out of the mean; without any clip the result
    is NaN.

    Args:
        truth: True class of each clip, int ``(N,)`` in 0 … C − 1.
        prediction: Predicted class of each clip, int ``(N,)`` in 0 … C − 1.
        n_classes: C.

    Raises:
        ConfigurationError: If the arrays differ in shape, are not integers or leave the range.

    Example:
        >>> unweighted_average_recall(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), 2)
        0.8333333333333333

    Reference:
        B. Schuller, S. Steidl and A. Batliner, "The INTERSPEECH 2009 emotion challenge",
        Interspeech 2009. https://doi.org/10.21437/Interspeech.2009-103
    """
    return float(mean_recall(confusion_matrix(truth, prediction, n_classes)))


def weighted_average_recall(truth: Labels, prediction: Labels, n_classes: int) -> float:
    """Return the share of clips predicted right (WAR, accuracy), NaN without any clip.

    Args:
        truth: True class of each clip, int ``(N,)`` in 0 … C − 1.
        prediction: Predicted class of each clip, int ``(N,)`` in 0 … C − 1.
        n_classes: C.

    Raises:
        ConfigurationError: If the arrays differ in shape, are not integers or leave the range.

    Example:
        >>> weighted_average_recall(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), 2)
        0.75
    """
    return float(accuracy(confusion_matrix(truth, prediction, n_classes)))


def check_labels(name: str, labels: Labels, n_classes: int) -> None:
    """Refuse class numbers that are not integers ``(N,)`` in 0 … C − 1.

    Args:
        name: Name of the argument, for the message.
        labels: The class numbers.
        n_classes: C.

    Raises:
        ConfigurationError: If they are anything else.
    """
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise ConfigurationError(
            f"`{name}` must be integers with the shape (N,), but is {labels.dtype} {labels.shape}"
        )
    outside = labels[(labels < 0) | (labels >= n_classes)]
    if outside.size:
        raise ConfigurationError(
            f"`{name}` must lie in 0 … {n_classes - 1}, but holds {outside[:5].tolist()}; leave "
            "out clips without a decided label"
        )


def _cells(truth: Labels, prediction: Labels, n_classes: int) -> npt.NDArray[np.int64]:
    """Return the cell of the flat confusion matrix that each clip counts in, (N,)."""
    check_labels("truth", truth, n_classes)
    check_labels("prediction", prediction, n_classes)
    if truth.shape != prediction.shape:
        raise ConfigurationError(
            f"`truth` and `prediction` must have one class per clip, but got {truth.shape} and "
            f"{prediction.shape}"
        )
    return truth.astype(np.int64) * n_classes + prediction


def _finish(sums: FloatArray, n_classes: int) -> FloatArray:
    confusion = sums.reshape(len(sums), n_classes, n_classes)
    overall = [measure(confusion) for measure in (mean_recall, accuracy, macro_f1, weighted_f1)]
    per_class = [measure(confusion) for measure in (recalls, precisions, f1_scores)]
    return np.concatenate([np.stack(overall, axis=1), *per_class], axis=1)


def _hits(confusion: Counts) -> FloatArray:
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    return hits.astype(np.float64)


def _mean_of_defined(values: FloatArray) -> FloatArray:
    return ratio(np.nansum(values, axis=-1), np.isfinite(values).sum(axis=-1))
