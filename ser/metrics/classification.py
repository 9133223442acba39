"""How often the predicted class is the true one, per class and overall."""

import numpy as np
import numpy.typing as npt

from ser.errors import ConfigurationError

Labels = npt.NDArray[np.integer]


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
    check_labels("truth", truth, n_classes)
    check_labels("prediction", prediction, n_classes)
    if truth.shape != prediction.shape:
        raise ConfigurationError(
            f"`truth` and `prediction` must have one class per clip, but got {truth.shape} and "
            f"{prediction.shape}"
        )
    cells = truth.astype(np.int64) * n_classes + prediction
    return np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)


def recalls(confusion: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
    """Return the recall of each class, NaN for a class that never occurs.

    Args:
        confusion: Counts, true class × predicted class, ``(…, C, C)``.

    Returns:
        Diagonal divided by row sums, ``(…, C)``.

    Example:
        >>> recalls(np.array([[3, 1], [0, 0]])).tolist()
        [0.75, nan]
    """
    occurrences = confusion.sum(axis=-1)
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    values: npt.NDArray[np.float64] = np.full(occurrences.shape, np.nan)
    np.divide(hits, occurrences, out=values, where=occurrences > 0)
    return values


def mean_recall(confusion: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
    """Return the mean recall of the classes that occur, NaN when none does.

    Args:
        confusion: Counts, true class × predicted class, ``(…, C, C)``.

    Returns:
        One number per matrix, ``(…,)``.
    """
    values = recalls(confusion)
    defined = np.isfinite(values).sum(axis=-1)
    means: npt.NDArray[np.float64] = np.full(defined.shape, np.nan)
    np.divide(np.nansum(values, axis=-1), defined, out=means, where=defined > 0)
    return means


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
    confusion = confusion_matrix(truth, prediction, n_classes)
    clips = int(confusion.sum())
    return float(np.trace(confusion) / clips) if clips else float("nan")


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
