"""Checked posteriors and their logarithms."""

import numpy as np
import numpy.typing as npt

from ser.errors import ConfigurationError
from ser.metrics.classification import Labels, check_labels
from ser.metrics.statistic import FloatArray

Posterior = npt.NDArray[np.floating]

# A float32 softmax writes 0 for less than this. Taking it at the floor, −ln 1.2e-38 = 87 nats,
# keeps one such clip from making a mean over all clips infinite.
FLOOR = float(np.finfo(np.float32).tiny)
ROW_SUM_TOLERANCE = 1e-4  # float32 or float16 softmax, or shares stored with few digits


def check_posterior(name: str, posterior: Posterior) -> FloatArray:
    """Refuse what is not P(class) of at least one clip, rows summing to 1.

    Args:
        name: Name of the argument, for the message.
        posterior: ``(N, C)``.

    Returns:
        The same numbers in float64.

    Raises:
        ConfigurationError: If it is anything else.
    """
    if posterior.ndim != 2 or not len(posterior) or posterior.shape[1] < 2:
        raise ConfigurationError(
            f"`{name}` must have the shape (N, C) with at least one clip and two classes, but has "
            f"{posterior.shape}"
        )
    values = posterior.astype(np.float64)
    is_right = (values >= 0).all(axis=1) & (np.abs(values.sum(axis=1) - 1) <= ROW_SUM_TOLERANCE)
    wrong = np.flatnonzero(~is_right)
    if wrong.size:
        raise ConfigurationError(
            f"`{name}` must hold probabilities that sum to 1 for each clip, but does not at "
            f"{wrong.size} of {len(values)} clips, first at position {wrong[0]}: "
            f"{values[wrong[0]].tolist()}"
        )
    return values


def check_same_shape(
    first_name: str, first: Posterior, second_name: str, second: Posterior
) -> tuple[FloatArray, FloatArray]:
    """Refuse two posteriors that are not of the same clips and classes, see `check_posterior`.

    Args:
        first_name: Name of the first argument, for the message.
        first: ``(N, C)``.
        second_name: Name of the second argument.
        second: ``(N, C)``.

    Returns:
        Both in float64.

    Raises:
        ConfigurationError: If either is no posterior or their shapes differ.
    """
    checked = check_posterior(first_name, first), check_posterior(second_name, second)
    if first.shape != second.shape:
        raise ConfigurationError(
            f"`{first_name}` and `{second_name}` must be of the same clips and classes, but have "
            f"the shapes {first.shape} and {second.shape}"
        )
    return checked


def log_posterior(posterior: FloatArray) -> FloatArray:
    """Return the natural logarithm of probabilities, those below `FLOOR` taken at it."""
    logarithms: FloatArray = np.log(np.maximum(posterior, FLOOR))
    return logarithms


def one_hot(labels: Labels, n_classes: int) -> FloatArray:
    """Return the posterior that is sure of one class per clip, ``(N, C)``.

    Args:
        labels: Class of each clip, int ``(N,)`` in 0 … C − 1.
        n_classes: C.

    Raises:
        ConfigurationError: If a class leaves the range.

    Example:
        >>> one_hot(np.array([1, 0]), 2).tolist()
        [[0.0, 1.0], [1.0, 0.0]]
    """
    check_labels("labels", labels, n_classes)
    rows: FloatArray = np.eye(n_classes)[labels]
    return rows
