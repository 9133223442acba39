"""Calibration against scikit-learn and a plain loop over bins."""

from itertools import pairwise

import numpy as np
import pytest
from sklearn import metrics as reference

from ser.errors import ConfigurationError
from ser.metrics.calibration import (
    brier_score,
    calibration_statistic,
    expected_calibration_error,
    negative_log_likelihood,
    reliability_table,
)


@pytest.fixture(params=range(3))
def judged(request) -> tuple[np.ndarray, np.ndarray]:
    """Return true classes of 300 clips and an overconfident posterior over four classes."""
    rng = np.random.default_rng(request.param)
    posterior = rng.dirichlet(np.full(4, 0.4), 300)
    truth = np.array([rng.choice(4, p=row) for row in 0.6 * posterior + 0.1])
    return truth, posterior


def gap_of_bins(confidence, hits, members) -> float:
    """Return the calibration error of given bins, as Naeini et al. write it."""
    return sum(
        len(of) / len(hits) * abs(hits[of].mean() - confidence[of].mean())
        for of in members
        if len(of)
    )


def test_ece_of_equal_width_equals_a_loop_over_bins(judged):
    """Bins are open below and closed above."""
    truth, posterior = judged
    confidence, hits = posterior.max(axis=1), posterior.argmax(axis=1) == truth
    edges = np.linspace(0, 1, 16)
    members = [
        np.flatnonzero((confidence > low) & (confidence <= high)) for low, high in pairwise(edges)
    ]
    expected = gap_of_bins(confidence, hits, members)
    assert expected_calibration_error(*judged) == pytest.approx(expected, abs=1e-12)


def test_ece_of_equal_mass_equals_a_loop_over_sorted_clips(judged):
    """Three hundred clips in ten bins are thirty each."""
    truth, posterior = judged
    confidence, hits = posterior.max(axis=1), posterior.argmax(axis=1) == truth
    members = np.argsort(confidence).reshape(10, 30)
    found = expected_calibration_error(*judged, bins=10, binning="equal_mass")
    assert found == pytest.approx(gap_of_bins(confidence, hits, members), abs=1e-12)


def test_clips_of_equal_confidence_share_a_bin_of_equal_mass():
    """The order of clips cannot move the error."""
    truth = np.array([0, 0, 0, 1, 1, 1])
    posterior = np.array([[0.8, 0.2]] * 6)
    for order in (slice(None), slice(None, None, -1)):
        found = expected_calibration_error(truth[order], posterior, bins=3, binning="equal_mass")
        assert found == pytest.approx(0.3, abs=1e-12)


@pytest.mark.parametrize("binning", ["equal_width", "equal_mass"])
def test_table_holds_every_clip_once_and_sums_to_the_error(judged, binning):
    """What is drawn is what is reported."""
    table = reliability_table(*judged, bins=10, binning=binning)
    filled = [row for row in table if row.clips]
    total = sum(row.clips * abs(row.accuracy - row.confidence) for row in filled) / 300
    assert sum(row.clips for row in table) == 300
    assert total == pytest.approx(
        expected_calibration_error(*judged, bins=10, binning=binning), abs=1e-12
    )
    assert all(row.low <= row.confidence <= row.high for row in filled)


def test_an_empty_bin_has_no_confidence():
    """Undefined is NaN."""
    first = reliability_table(np.array([0]), np.array([[0.9, 0.1]]), bins=3)[0]
    assert first.clips == 0
    assert np.isnan([first.confidence, first.accuracy]).all()


def test_log_loss_and_brier_score_equal_those_of_sklearn(judged):
    """The Brier score sums over classes."""
    truth, posterior = judged
    assert negative_log_likelihood(truth, posterior) == pytest.approx(
        reference.log_loss(truth, posterior, labels=range(4)), abs=1e-12
    )
    # scikit-learn calls the sum over classes unscaled.
    expected = reference.brier_score_loss(truth, posterior, labels=range(4), scale_by_half=False)
    assert brier_score(truth, posterior) == pytest.approx(expected, abs=1e-12)


def test_statistic_holds_the_same_numbers(judged):
    """Resampled metrics are the reported ones."""
    assert calibration_statistic(*judged).evaluate() == pytest.approx(
        {
            "nll": negative_log_likelihood(*judged),
            "brier": brier_score(*judged),
            "ece": expected_calibration_error(*judged),
        },
        abs=1e-12,
    )


def test_a_true_class_held_impossible_costs_the_floor():
    """The mean stays finite and large."""
    sure = np.array([[1.0, 0.0]])
    assert negative_log_likelihood(np.array([1]), sure) == pytest.approx(87.3365, abs=1e-3)


@pytest.mark.parametrize(
    ("truth", "options", "message"),
    [
        ([0, 1], {}, "`truth` and `posterior` must be of the same clips, but got 2 and 1"),
        ([2], {}, r"`truth` must lie in 0 … 1, but holds \[2\]"),
        ([0], {"bins": 0}, "`bins` must be ≥ 1 .* got 0"),
        ([0], {"binning": "quantile"}, "but got 15 and `quantile`"),
    ],
    ids=["unequal", "beyond", "no bins", "binning"],
)
def test_arguments_that_do_not_fit_are_refused(truth, options, message):
    """The message names the argument and the value."""
    with pytest.raises(ConfigurationError, match=message):
        expected_calibration_error(np.array(truth), np.array([[0.5, 0.5]]), **options)
