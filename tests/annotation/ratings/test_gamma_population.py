"""The Gamma population against its marginal likelihood written out."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln

from annotation.ratings.gamma_population import HIGHEST_SHAPE, fit_gamma


def test_it_finds_the_maximum_of_the_likelihood() -> None:
    """A general optimiser over both parameters finds no better place."""
    rng = np.random.default_rng(4)
    votes = rng.integers(5, 60, 80).astype(float)
    residual = rng.chisquare(votes) / rng.gamma(3.0, 0.5, 80)

    def loss(log_parameters: np.ndarray) -> float:
        shape, rate = np.exp(log_parameters)
        terms = shape * np.log(rate) + gammaln(shape + votes / 2) - gammaln(shape)
        return -float((terms - (shape + votes / 2) * np.log(rate + residual / 2)).sum())

    expected = np.exp(minimize(loss, [0.0, 0.0], method="Nelder-Mead", tol=1e-10).x)
    np.testing.assert_allclose(fit_gamma(residual, votes, lowest=0.1), expected, rtol=1e-3)


def test_equal_annotators_reach_the_highest_shape() -> None:
    """Where all precisions are alike the population is a point."""
    shape, rate = fit_gamma(np.full(9, 40.0), np.full(9, 80.0), lowest=0.1)
    assert shape > 0.99 * HIGHEST_SHAPE
    np.testing.assert_allclose(shape / rate, 2.0)
