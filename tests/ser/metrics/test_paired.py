"""Paired tests of two models, against scipy and against swapping clips by hand."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from ser.errors import ConfigurationError
from ser.metrics.bootstrap import bootstrap_difference
from ser.metrics.classification import classification_statistic, unweighted_average_recall
from ser.metrics.paired import adjust_p_values, compare_paired, permutation_p_values
from ser.metrics.ratings import rating_statistic

CLASSES = ["a", "b", "c"]


def make_models(n_speakers=6, clips=120, gain=0.15, seed=0):
    """Return truth, the answers of a better and a worse model, and speakers."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(3, size=clips)
    answers = [
        np.where(rng.random(clips) < right, truth, rng.integers(3, size=clips))
        for right in (0.4 + gain, 0.4)
    ]
    return truth, *answers, [f"s{i % n_speakers}" for i in range(clips)]


def measure(truth, *answers):
    """Return the classification metrics of each model."""
    return [classification_statistic(truth, said, CLASSES) for said in answers]


def test_exact_p_equals_swapping_the_answers_by_hand():
    """All 64 ways to swap six speakers are tried, the one observed among them."""
    truth, first, second, speakers = make_models()
    rows = np.unique(speakers, return_inverse=True)[1]
    gaps = []
    for signs in product([False, True], repeat=6):
        is_swapped = np.array(signs)[rows]
        one, other = np.where(is_swapped, second, first), np.where(is_swapped, first, second)
        uars = [unweighted_average_recall(truth, said, 3) for said in (one, other)]
        gaps.append(abs(uars[0] - uars[1]))
    expected = np.mean(np.array(gaps) >= gaps[0] - 1e-12)
    found = compare_paired(*measure(truth, first, second), speakers)["uar"]
    assert found.p_value == pytest.approx(expected, abs=1e-12)
    assert (found.is_exact, found.permutations, found.speakers, found.clips) == (True, 64, 6, 120)


def test_exact_p_of_a_mean_equals_that_of_scipy():
    """With one clip per speaker the test is the sign-flip test of paired samples."""
    rng = np.random.default_rng(2)
    truth, errors = np.zeros(9), rng.exponential(size=(2, 9))
    models = [rating_statistic(truth, said) for said in errors]
    expected = stats.permutation_test(
        tuple(errors), lambda a, b: np.mean(a) - np.mean(b), permutation_type="samples"
    )
    found = permutation_p_values(*models, [str(i) for i in range(9)])["mae"]
    assert found == pytest.approx(expected.pvalue, abs=1e-12)


def test_drawn_permutations_come_close_to_all_of_them():
    """Where there are too many to try, a sample is enough, and p is never 0."""
    truth, first, second, speakers = make_models(n_speakers=10, gain=0.1)
    models = measure(truth, first, second)
    exact = compare_paired(*models, speakers, permutations=1024)["uar"]
    drawn = compare_paired(*models, speakers, permutations=1023)["uar"]
    assert (exact.is_exact, drawn.is_exact, drawn.permutations) == (True, False, 1023)
    # Three standard errors of a share of 1,023 draws are at most .047.
    assert drawn.p_value == pytest.approx(exact.p_value, abs=0.047)
    always = make_models(n_speakers=40, clips=400, gain=0.6)
    found = permutation_p_values(*measure(*always[:3]), always[3], permutations=500)
    assert found["uar"] == pytest.approx(1 / 501)


def test_interval_of_the_comparison_is_the_paired_bootstrap():
    """One number has one interval, wherever it is asked for."""
    truth, first, second, speakers = make_models()
    models = measure(truth, first, second)
    found = compare_paired(*models, speakers, resamples=100, seed=3)
    expected = bootstrap_difference(*models, speakers, resamples=100, seed=3)
    assert {name: one.difference for name, one in found.items() if "recall" in name} == {
        name: interval for name, interval in expected.items() if "recall" in name
    }
    assert found["war"].first - found["war"].second == found["war"].difference.estimate


def test_equal_models_have_p_1_and_no_difference():
    """Nothing separates a model from itself."""
    truth, first, _, speakers = make_models()
    found = compare_paired(*measure(truth, first, first), speakers)["uar"]
    assert (found.difference.estimate, found.p_value) == (0.0, 1.0)


def test_which_model_is_first_changes_the_sign_alone():
    """The test is two-sided."""
    truth, first, second, speakers = make_models()
    models = measure(truth, first, second)
    one, other = (compare_paired(*pair, speakers)["uar"] for pair in (models, models[::-1]))
    assert one.p_value == other.p_value
    assert one.difference.low == pytest.approx(-other.difference.high, abs=1e-12)


def test_one_speaker_proves_nothing():
    """Both ways to swap are alike, and there is no interval."""
    truth, first, second, _ = make_models()
    found = compare_paired(*measure(truth, first, second), ["only"] * 120)["uar"]
    assert found.p_value == 1.0
    assert np.isnan(found.difference.low)


def test_an_undefined_difference_has_no_p():
    """A class that never occurs cannot be better recognised."""
    truth, first, second, speakers = make_models()
    models = [classification_statistic(truth, s, [*CLASSES, "never"]) for s in (first, second)]
    found = compare_paired(*models, speakers)["recall/never"]
    assert np.isnan([found.difference.estimate, found.p_value]).all()


def test_equally_good_models_are_rarely_told_apart():
    """At most some 5 % of comparisons of equals are below .05."""
    below = 0
    for seed in range(200):
        truth, first, second, speakers = make_models(n_speakers=8, clips=64, gain=0, seed=seed)
        p_values = permutation_p_values(*measure(truth, first, second), speakers)
        below += p_values["uar"] <= 0.05
    # Three standard errors above 5 % of 200.
    assert below <= 19


@pytest.mark.parametrize(
    ("p_values", "expected"),
    [
        ([0.01, 0.02, 0.03, 0.04], [0.04, 0.06, 0.06, 0.06]),  # worked by hand
        ([0.9, 0.8], [1.0, 1.0]),
        ([0.01, np.nan, 0.5], [0.02, np.nan, 0.5]),
        ([], []),
    ],
    ids=["rising", "cut at 1", "undefined", "none"],
)
def test_holm_multiplies_by_the_tests_left(p_values, expected):
    """The smallest pays for all, the largest for itself."""
    assert adjust_p_values(p_values) == pytest.approx(expected, nan_ok=True)


def test_no_permutations_are_refused():
    """The message names the parameter."""
    truth, first, second, speakers = make_models()
    with pytest.raises(ConfigurationError, match="`permutations` must be ≥ 1, but got 0"):
        permutation_p_values(*measure(truth, first, second), speakers, permutations=0)
