"""Moments from sums against numpy's own."""

import numpy as np
import pytest

from ser.metrics.moments import moment_rows, moments


def test_moments_equal_those_of_numpy():
    """Variances and the covariance divide by the number of pairs."""
    x, y = np.random.default_rng(0).normal(size=(2, 50))
    found = moments(moment_rows(x, y).sum(axis=0, keepdims=True))
    assert found.variance_x[0] == pytest.approx(x.var(), abs=1e-12)
    assert found.variance_y[0] == pytest.approx(y.var(), abs=1e-12)
    assert found.mean_y[0] == pytest.approx(y.mean(), abs=1e-12)
    assert found.covariance[0] == pytest.approx(np.cov(x, y, bias=True)[0, 1], abs=1e-12)
    assert found.correlation[0] == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-12)


def test_no_pair_has_no_moments():
    """Nothing is made up for an empty sum."""
    found = moments(np.zeros((1, 6)))
    assert np.isnan([found.mean_x[0], found.variance_x[0], found.correlation[0]]).all()
