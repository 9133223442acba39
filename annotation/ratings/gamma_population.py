"""The Gamma population a group of precisions is drawn from, by maximum marginal likelihood."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from annotation.columns import FloatArray

LOWEST_SHAPE: Final = 0.1
HIGHEST_SHAPE: Final = 1e4


def fit_gamma(residual: FloatArray, votes: FloatArray, *, lowest: float) -> tuple[float, float]:
    """Return shape and rate of the Gamma that the annotators' precisions are drawn from.

    The precisions themselves are integrated out: annotator a, with residual sum of squares R and
    n ratings, has likelihood r^s Γ(s + n/2) / (Γ(s) (r + R/2)^(s + n/2)). Alternating between
    precisions and population instead would crawl wherever annotators are much alike.

    Args:
        residual: Sum of squared noise of each annotator, (A,), above 0.
        votes: Ratings of each, (A,).
        lowest: Lowest shape allowed; the highest is `HIGHEST_SHAPE`.

    Returns:
        Shape and rate.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> precision = rng.gamma(4.0, 1 / 2.0, 2000)
        >>> residual = rng.chisquare(50, 2000) / precision
        >>> shape, rate = fit_gamma(residual, np.full(2000, 50.0), lowest=0.1)
        >>> round(shape, 1), round(rate, 1)
        (4.0, 2.0)
    """
    half, squares = votes / 2, residual / 2

    def loss(log_shape: float) -> float:
        shape = float(np.exp(log_shape))
        rate = _best_rate(shape, half, squares)
        terms = gammaln(shape + half) - (shape + half) * np.log(rate + squares)
        return float(len(half) * (gammaln(shape) - shape * np.log(rate)) - terms.sum())

    bounds = (np.log(lowest), np.log(max(HIGHEST_SHAPE, lowest * 1.001)))
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-4})
    shape = float(np.exp(found.x))
    return shape, _best_rate(shape, half, squares)


def _best_rate(shape: float, half: FloatArray, squares: FloatArray) -> float:
    """Solve A · shape = Σ (shape + n/2) r / (r + R/2) for the rate r, by Newton's method in log r.

    The right side ascends in r from 0 to more than the left, so there is one root.
    """
    target, weight = len(half) * shape, shape + half
    low, high = shape * float((squares / half).min()), shape * float((squares / half).max())
    log_rate = 0.5 * (np.log(low) + np.log(high))
    for _ in range(50):
        share = np.exp(log_rate) / (np.exp(log_rate) + squares)
        miss = float((weight * share).sum()) - target
        step = miss / float((weight * share * (1 - share)).sum())
        # The root lies between the rates that would suit the best and the worst annotator alone.
        log_rate = float(np.clip(log_rate - step, np.log(low), np.log(high)))
        if abs(step) < 1e-12:
            break
    return float(np.exp(log_rate))
