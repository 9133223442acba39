"""Expected change: how far one fallible answer is expected to move what is believed of a clip."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from annotation.columns import FloatArray
from annotation.sampling.utilities.checks import by_class, check_confusion, check_posterior
from annotation.sampling.utilities.protocol import Known


def expected_change(posterior: npt.ArrayLike, confusion: npt.ArrayLike | None = None) -> FloatArray:
    """Return the expected total variation between the posterior before and after one answer.

    Whoever is asked answers l with P(l) = Σ_t q_t · K[t, l], and the posterior becomes
    q(t | l) = q_t · K[t, l] / P(l). The expected change is

        Σ_l P(l) · ½ ‖q(·|l) − q‖₁ = Σ_l Σ_t q_t · max(K[t, l] − P(l), 0).

    Two classes that people cannot tell apart are worth little, however even the model finds
    them, since an answer would tell little. A right answer (K the identity) changes the posterior
    by the Gini index 1 − Σ q².

    Args:
        posterior: q, (N, C), rows of probabilities summing to 1.
        confusion: K = P(answer | class), (C, C), truth on axis 0; None for right answers.

    Returns:
        (N,) float64 in [0, 1 − 1/C], at most the Gini index.

    Raises:
        SamplingError: A row of either is no distribution, or `confusion` is not (C, C).

    Example:
        >>> expected_change([[0.5, 0.5], [1.0, 0.0]]).tolist()
        [0.5, 0.0]
        >>> expected_change([[0.5, 0.5]], [[0.8, 0.2], [0.3, 0.7]]).round(3).tolist()
        [0.25]

    Reference:
        Of the model itself instead of one posterior: B. Settles, M. Craven and S. Ray (2007).
        Multiple-instance active learning. NIPS. Gini: C. Gini (1912). Variabilità e mutabilità.
    """
    checked = check_posterior(posterior)
    change = np.empty(len(checked))
    if confusion is None:
        for where, columns in by_class(checked):
            change[where] = (columns * (1 - columns)).sum(axis=0)
        # Rounding may leave a certain row a little above 1.
        return np.asarray(np.maximum(change, 0.0))
    likelihoods = check_confusion(confusion, checked.shape[1]).T[:, :, None]
    for where, columns in by_class(checked):
        change[where] = sum(_shift(columns, likelihood) for likelihood in likelihoods)
    return change


def _shift(columns: FloatArray, likelihood: FloatArray) -> FloatArray:
    """Return P(l) times the change on hearing l, (n,), from P(l | class), (C, 1)."""
    chance = (likelihood * columns).sum(axis=0)
    surprise = np.maximum(likelihood - chance, 0.0)
    surprise *= columns
    return np.asarray(surprise.sum(axis=0))


def by_expected_change(known: Known) -> FloatArray:
    """Return `expected_change` on an answer of whoever is asked next, (N,)."""
    return expected_change(known.posterior, known.confusion)
