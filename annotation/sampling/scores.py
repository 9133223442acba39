"""Utility of asking about a clip, read off the model's posterior: higher = ask first, always."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from annotation.columns import FloatArray
from annotation.errors import SamplingError
from annotation.sampling.protocol import UtilityScore

Strategy = Literal["entropy", "margin", "least_confidence"]

SUM_TOLERANCE: Final = 1e-4
"""How far a row may miss 1: hundreds of float32 roundings, far below a forgotten softmax."""


def entropy(posterior: npt.ArrayLike) -> FloatArray:
    """Return Σ −p·log p of each row in nats: 0 when certain, log C when all classes are even.

    Args:
        posterior: (N, C), rows of probabilities summing to 1.

    Returns:
        (N,) float64 in [0, log C].

    Raises:
        SamplingError: A row is not a distribution; the message names it.

    Example:
        >>> entropy([[0.5, 0.5], [1.0, 0.0]]).round(3).tolist()
        [0.693, 0.0]

    Reference:
        C. E. Shannon (1948). A mathematical theory of communication.
        doi:10.1002/j.1538-7305.1948.tb01338.x
    """
    checked = check_posterior(posterior)
    log_posterior = np.log(checked, out=np.zeros_like(checked), where=checked > 0)
    # The minus sign would turn the zero of a certain row into -0.0.
    return np.asarray(np.abs((checked * log_posterior).sum(axis=1)))


def margin(posterior: npt.ArrayLike) -> FloatArray:
    """Return 1 − (p₁ − p₂) of each row: 1 when the two leading classes are even.

    Args:
        posterior: (N, C) with C ≥ 2, rows of probabilities summing to 1.

    Returns:
        (N,) float64 in [0, 1].

    Raises:
        SamplingError: A row is not a distribution, or there is only one class.

    Example:
        >>> margin([[0.5, 0.5], [0.75, 0.25]]).tolist()
        [1.0, 0.5]

    Reference:
        T. Scheffer, C. Decomain, S. Wrobel (2001). Active hidden Markov models for information
        extraction. doi:10.1007/3-540-44816-0_31
    """
    checked = check_posterior(posterior)
    if checked.shape[1] < 2:
        msg = "`posterior` must have at least two classes for a margin, but has one"
        raise SamplingError(msg)
    leading = np.partition(checked, -2, axis=1)[:, -2:]
    return np.asarray(1.0 - (leading[:, 1] - leading[:, 0]))


def least_confidence(posterior: npt.ArrayLike) -> FloatArray:
    """Return 1 − p₁ of each row: the probability that the leading class is wrong.

    Args:
        posterior: (N, C), rows of probabilities summing to 1.

    Returns:
        (N,) float64 in [0, 1 − 1/C].

    Raises:
        SamplingError: A row is not a distribution; the message names it.

    Example:
        >>> least_confidence([[0.5, 0.5], [0.75, 0.25]]).tolist()
        [0.5, 0.25]

    Reference:
        D. D. Lewis and W. A. Gale (1994). A sequential algorithm for training text classifiers.
        doi:10.1007/978-1-4471-2099-5_1
    """
    return np.asarray(1.0 - check_posterior(posterior).max(axis=1))


STRATEGIES: Final = MappingProxyType[Strategy, UtilityScore](
    {"entropy": entropy, "margin": margin, "least_confidence": least_confidence}
)
"""Every utility score by the name that is stored with a round."""

_MAXIMUM: Final = MappingProxyType[Strategy, Callable[[int], float]](
    {
        "entropy": lambda classes: float(np.log(classes)),
        "margin": lambda _: 1.0,
        "least_confidence": lambda classes: 1.0 - 1.0 / classes,
    }
)


def max_utility(strategy: Strategy, n_classes: int) -> float:
    """Return the largest utility the strategy can give among this many classes.

    Args:
        strategy: Name of a score.
        n_classes: Number of classes C, at least 2.

    Returns:
        log C, 1 or 1 − 1/C.

    Example:
        >>> max_utility("least_confidence", 4)
        0.75
    """
    return _MAXIMUM[strategy](n_classes)


def explain_utility(
    utility: npt.ArrayLike, posterior: npt.ArrayLike, *, strategy: str, classes: Sequence[str]
) -> list[str]:
    """Say in words why each clip has its utility.

    Args:
        utility: (N,).
        posterior: (N, C), rows of probabilities summing to 1.
        strategy: Name of the score that was used.
        classes: C ≥ 2 class names.

    Returns:
        N texts of the score, its value and the two leading classes, the likelier one first.

    Raises:
        SamplingError: A row is not a distribution, or `classes` does not name its columns.

    Example:
        >>> explain_utility([0.9], [[0.1, 0.5, 0.4]], strategy="margin", classes=["a", "b", "c"])
        ['margin 0.90, between b and c']
    """
    checked = check_posterior(posterior)
    if len(classes) != checked.shape[1] or len(classes) < 2:
        msg = (
            f"`classes` must name the {checked.shape[1]} columns of `posterior` (at least two), "
            f"but names {len(classes)}"
        )
        raise SamplingError(msg)
    leading = np.argsort(-checked, axis=1, kind="stable")[:, :2]
    return [
        f"{strategy.replace('_', ' ')} {value:.2f}, between {classes[first]} and {classes[second]}"
        for value, (first, second) in zip(np.asarray(utility), leading, strict=True)
    ]


def check_posterior(posterior: npt.ArrayLike) -> FloatArray:
    """Return the posterior as float64, or refuse it naming the first bad row.

    Args:
        posterior: (N, C) with C ≥ 1; N may be 0.

    Returns:
        (N, C) float64; the given array itself if it already is one.

    Raises:
        SamplingError: It is not two-dimensional, or a row has a NaN, a negative entry or a sum
            further from 1 than `SUM_TOLERANCE`.
    """
    values = np.asarray(posterior, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] < 1:
        msg = f"`posterior` must be (clips, classes), but has shape {values.shape}"
        raise SamplingError(msg)
    # NaN compares false with everything, so the test is stated for the rows that are right.
    is_right = (np.abs(values.sum(axis=1) - 1) <= SUM_TOLERANCE) & (values >= 0).all(axis=1)
    if not is_right.all():
        row = int(np.argmin(is_right))
        msg = (
            f"row {row} of `posterior` must be probabilities summing to 1, but is "
            f"{values[row].tolist()} ({int((~is_right).sum())} such rows); pass softmax outputs"
        )
        raise SamplingError(msg)
    return values
