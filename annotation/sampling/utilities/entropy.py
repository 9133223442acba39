"""Entropy: how far the model is from knowing, all classes counted."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from annotation.columns import FloatArray
from annotation.sampling.utilities.checks import BLOCK, by_class, check_posterior
from annotation.sampling.utilities.protocol import Known

_SMALLEST: Final = np.finfo(np.float64).tiny


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
    total, room = np.empty(len(checked)), np.empty((checked.shape[1], BLOCK))
    for where, columns in by_class(checked):
        # 0 · log of anything finite is the 0 that the limit is, at a fifth of the cost of a mask.
        terms = np.maximum(columns, _SMALLEST, out=room[:, : columns.shape[1]])
        np.log(terms, out=terms)
        terms *= columns
        np.add.reduce(terms, axis=0, out=total[where])
    # The minus sign would turn the zero of a certain row into -0.0.
    return np.asarray(np.abs(total, out=total))


def by_entropy(known: Known) -> FloatArray:
    """Return `entropy` of what the model says, (N,)."""
    return entropy(known.posterior)
