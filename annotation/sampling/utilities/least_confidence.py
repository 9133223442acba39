"""Least confidence: how likely the leading class is wrong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from annotation.columns import FloatArray
from annotation.sampling.utilities.checks import by_class, check_posterior
from annotation.sampling.utilities.protocol import Known


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
    checked = check_posterior(posterior)
    first = np.empty(len(checked))
    for where, columns in by_class(checked):
        np.maximum.reduce(columns, axis=0, out=first[where])
    # Rounding may leave a certain row a little above 1.
    return np.asarray(np.maximum(1.0 - first, 0.0))


def by_least_confidence(known: Known) -> FloatArray:
    """Return `least_confidence` of what the model says, (N,)."""
    return least_confidence(known.posterior)
