"""What a utility says, in words and on a scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from annotation.errors import SamplingError
from annotation.sampling.utilities.checks import check_posterior


def _log(classes: int) -> float:
    return float(np.log(classes))


def _gini(classes: int) -> float:
    return 1.0 - 1.0 / classes


_MAXIMUM: Final = MappingProxyType[str, Callable[[int], float]](
    {
        "least_confidence": _gini,
        "margin": lambda _: 1.0,
        "entropy": _log,
        "bald": _log,
        "expected_change": _gini,
        "reducible": _log,
    }
)


def max_utility(strategy: str, n_classes: int) -> float:
    """Return the largest utility the strategy can give among this many classes.

    Args:
        strategy: A key of `UTILITIES`.
        n_classes: Number of classes C, at least 2.

    Returns:
        log C, 1 or 1 − 1/C.

    Raises:
        SamplingError: There is no such utility.

    Example:
        >>> max_utility("least_confidence", 4)
        0.75
    """
    if strategy not in _MAXIMUM:
        msg = f"`strategy` must be one of {sorted(_MAXIMUM)}, but got {strategy!r}"
        raise SamplingError(msg)
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
