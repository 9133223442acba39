"""Metrics of ratings against scipy, scikit-learn and the bare formulas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from sklearn import metrics as reference

from ser.errors import ConfigurationError
from ser.metrics.ratings import (
    concordance_correlation,
    mean_absolute_error,
    pearson_correlation,
    rating_statistic,
    root_mean_square_error,
    spearman_correlation,
)

RATINGS = arrays(np.float64, 12, elements=st.integers(1, 7).map(float))


def lin(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Return Lin's coefficient as the paper writes it: variances and covariance over N."""
    covariance = np.cov(truth, prediction, bias=True)[0, 1]
    gap = truth.mean() - prediction.mean()
    return 2 * covariance / (truth.var() + prediction.var() + gap**2)


@pytest.fixture(params=[0.0, 1e6], ids=["near 0", "far from 0"])
def rated(request) -> tuple[np.ndarray, np.ndarray]:
    """Return correlated ratings, also with an offset under which squares would lose digits."""
    rng = np.random.default_rng(0)
    truth = rng.integers(1, 6, 200) + request.param
    return truth, 0.5 * (truth - request.param) + rng.normal(size=200) + request.param


def test_errors_equal_those_of_sklearn(rated):
    """RMSE and MAE, in the unit of the ratings."""
    rmse, mae = (error(*rated) for error in (root_mean_square_error, mean_absolute_error))
    assert rmse == pytest.approx(reference.root_mean_squared_error(*rated), rel=1e-12)
    assert mae == pytest.approx(reference.mean_absolute_error(*rated), rel=1e-12)


def test_correlations_equal_those_of_scipy(rated):
    """Ties share their mean rank."""
    assert pearson_correlation(*rated) == pytest.approx(stats.pearsonr(*rated).statistic, abs=1e-9)
    expected = stats.spearmanr(*rated).statistic
    assert spearman_correlation(*rated) == pytest.approx(expected, abs=1e-12)


def test_ccc_is_that_of_lin_with_population_variances(rated):
    """Dividing by N − 1, as some libraries do, gives another number."""
    assert concordance_correlation(*rated) == pytest.approx(lin(*rated), abs=1e-9)
    few = np.array([1.0, 2, 3]), np.array([2.0, 3, 5])
    sample = 2 * np.cov(*few)[0, 1] / (np.var(few, axis=1, ddof=1).sum() + (4 / 3) ** 2)
    assert concordance_correlation(*few) == pytest.approx(lin(*few), abs=1e-12)
    assert concordance_correlation(*few) != pytest.approx(sample, abs=1e-2)


@given(RATINGS, RATINGS)
def test_ccc_is_symmetric_and_never_above_the_correlation(truth, prediction):
    """Bias and scale can only cost; equal ratings agree entirely."""
    found = concordance_correlation(truth, prediction)
    if np.ptp(truth) and np.ptp(prediction):
        assert found == pytest.approx(concordance_correlation(prediction, truth), abs=1e-12)
        assert abs(found) <= abs(pearson_correlation(truth, prediction)) + 1e-12
        assert concordance_correlation(truth, truth) == pytest.approx(1, abs=1e-12)


def test_constants_have_the_documented_values():
    """A constant prediction earns nothing, and two constants have no agreement to measure."""
    truth, constant = np.array([0.1, 0.2, 0.4]), np.full(3, 0.1)
    assert concordance_correlation(truth, constant) == 0.0
    assert np.isnan(pearson_correlation(truth, constant))
    assert np.isnan(spearman_correlation(truth, constant))
    assert np.isnan(concordance_correlation(constant, constant))
    assert concordance_correlation(constant, constant + 1) == 0.0


def test_a_constant_group_of_varied_clips_has_no_correlation():
    """What rounding leaves of a variance is not divided by."""
    truth = np.concatenate([np.full(7, 0.3), np.linspace(2.1, 9.7, 8)])
    group = rating_statistic(truth, truth).take(np.arange(7))
    assert np.isnan(group.evaluate()["pearson"])


@pytest.mark.parametrize(
    ("truth", "prediction", "message"),
    [
        ([1, np.nan], [1, 2], r"`truth` must hold finite ratings, but 1 of 2 .* positions \[1\]"),
        ([1, 2], [np.inf, 2], "`prediction` must hold finite ratings"),
        ([1, 2], [1], r"one rating per clip, but got \(2,\) and \(1,\)"),
        ([], [], "`truth` must hold one rating of at least one clip"),
        ([1], [[1]], "`prediction` must hold one rating .* shape"),
    ],
    ids=["missing", "infinite", "unequal", "empty", "two axes"],
)
def test_ratings_that_do_not_fit_are_refused(truth, prediction, message):
    """The message names the argument and the clips."""
    with pytest.raises(ConfigurationError, match=message):
        concordance_correlation(np.array(truth, float), np.array(prediction, float))
