"""A fitted curve forecasts within intervals that keep their word, and says what it cannot know."""

import math

import numpy as np
import pytest

from annotation.errors import AnnotationError
from annotation.planning import PlanningError, fit_curve, standard_errors

SIZES = np.array([120, 240, 360, 480, 600, 720])


def power_law(sizes, ceiling=0.8, gap=0.35, exponent=0.6):
    """Return a curve that starts at 120 labels."""
    return ceiling - gap * (np.asarray(sizes) / 120) ** -exponent


def test_points_on_a_power_law_give_it_back() -> None:
    """With points that hardly err the best fit is the law, and the forecast lies on it."""
    curve = fit_curve(SIZES, power_law(SIZES), [0.005] * 6)
    assert (curve.ceiling, curve.gap, curve.exponent) == pytest.approx((0.8, 0.35, 0.6), abs=0.02)
    assert curve.forecast(1440).value == pytest.approx(power_law(1440), abs=0.01)
    assert curve.scatter == 1


@pytest.mark.parametrize(
    ("points", "error", "shared"), [(4, 0.03, 0.0), (6, 0.01, 0.0), (6, 0.03, 0.7)]
)
def test_intervals_keep_their_word(points: int, error: float, shared: float) -> None:
    """Of 80 simulated curves the 95 % intervals of forecast, gain and labels hold the truth."""
    rng = np.random.default_rng(points)
    sizes, held = SIZES[:points], []
    for _ in range(80):
        law = rng.uniform(0.55, 0.95), rng.uniform(0.15, 0.4), rng.uniform(0.15, 1.2)
        common, own = rng.standard_normal(), rng.standard_normal(points)
        noise = error * (np.sqrt(shared) * common + np.sqrt(1 - shared) * own)
        scores = np.clip(power_law(sizes, *law) + noise, 0, 1)
        curve = fit_curve(sizes, scores, [error] * points, shared=shared)
        last = float(sizes[-1])
        truth = power_law(2 * last, *law)
        gain = truth - power_law(last, *law)
        found = curve.forecast(2 * last), curve.gain(last, 2 * last), curve.votes_for(truth)
        known = zip(found, (truth, gain, 2 * last), strict=True)
        held.append([one.low <= value <= one.high for one, value in known])
    assert np.mean(held, axis=0).min() >= 0.9


def test_intervals_tell_something() -> None:
    """More and surer points narrow the forecast; it is never wider than what is possible."""
    few = fit_curve(SIZES[:3], power_law(SIZES[:3]), [0.03] * 3).forecast(1440)
    many = fit_curve(SIZES, power_law(SIZES), [0.01] * 6).forecast(1440)
    assert many.high - many.low < 0.6 * (few.high - few.low)
    assert few.high <= 1


def test_a_target_above_the_curve_is_never_reached() -> None:
    """Infinity and words, not a number of votes that somebody might plan with."""
    curve = fit_curve(SIZES, power_law(SIZES), [0.005] * 6)
    needed = curve.votes_for(0.97)
    assert math.isinf(needed.value)
    assert math.isinf(needed.high)
    assert "never reached within the curve" in curve.describe(0.97)
    assert curve.chance_ever(0.97) < 0.05
    near = curve.votes_for(0.7)
    assert near.low <= near.value <= near.high < math.inf
    assert curve.describe(0.7).startswith("UAR 0.7 takes about ")


def test_chance_and_labels_agree() -> None:
    """At the labels that give a chance of 80 % the chance is 80 %."""
    curve = fit_curve(SIZES, power_law(SIZES), [0.02] * 6)
    labels = curve.labels_with_chance(0.68, 0.8)
    assert curve.chance_of(0.68, labels * 1.0001) == pytest.approx(0.8, abs=0.01)


def test_shared_errors_make_changes_surer_than_levels() -> None:
    """The same test speakers err the same way: the level is less sure, the gain surer."""
    alone = fit_curve(SIZES, power_law(SIZES), [0.03] * 6)
    shared = fit_curve(SIZES, power_law(SIZES), [0.03] * 6, shared=0.9)
    for of, is_wider in ((lambda c: c.forecast(720), True), (lambda c: c.gain(720, 900), False)):
        one, other = of(alone), of(shared)
        assert (other.high - other.low > one.high - one.low) is is_wider


def test_scatter_widens_the_intervals() -> None:
    """Points further from the curve than their errors are not taken at their word."""
    scores = power_law(SIZES) + 0.05 * np.array([1, -1, 1, -1, 1, -1])
    curve = fit_curve(SIZES, scores, [0.01] * 6)
    calm = fit_curve(SIZES, power_law(SIZES), [0.01] * 6)
    assert curve.scatter > 3
    width = [one.high - one.low for one in (curve.forecast(900), calm.forecast(900))]
    assert width[0] > 2 * width[1]


def test_falling_scores_are_a_flat_curve() -> None:
    """A model that gets worse by chance is not forecast to get worse for ever."""
    curve = fit_curve([100, 200, 300, 400], [0.5, 0.49, 0.48, 0.47], [0.02] * 4)
    assert curve.gain(400, 800).value == pytest.approx(0, abs=0.01)
    assert curve.forecast(800).value == pytest.approx(0.485, abs=0.02)


def test_the_order_of_points_is_irrelevant() -> None:
    """A fit is a function of the set of points; equal sets give equal bits."""
    turned = fit_curve(SIZES[::-1], power_law(SIZES)[::-1], [0.02] * 6)
    curve = fit_curve(SIZES, power_law(SIZES), [0.02] * 6)
    assert turned.forecast(1000) == curve.forecast(1000)


WRONG = {
    "two-points": (([1, 2], [0.1, 0.2], [0.1] * 2), "needs 3 points.*there are 2"),
    "one-size": (([5, 5, 5], [0.1, 0.2, 0.3], [0.1] * 3), "there are 1; run more rounds"),
    "no-score": (([1, 2, 3], [0.1, math.nan, 0.3], [0.1] * 3), "got 2, nan, 0.1"),
    "no-labels": (([0, 2, 3], [0.1, 0.2, 0.3], [0.1] * 3), "got 0, 0.1, 0.1"),
    "lengths": (([1, 2, 3], [0.1, 0.2], [0.1] * 3), r"are \[3, 2, 3\]"),
}


@pytest.mark.parametrize(("points", "message"), WRONG.values(), ids=WRONG)
def test_what_is_no_curve_is_refused(points: tuple[list[float], ...], message: str) -> None:
    """The message says what is missing."""
    with pytest.raises(PlanningError, match=message):
        fit_curve(*points)


def test_errors_must_not_be_wholly_shared() -> None:
    """Points that always err together would be one point."""
    with pytest.raises(AnnotationError, match="`shared` must be in"):
        fit_curve([1, 2, 3], [0.1, 0.2, 0.3], [0.1] * 3, shared=1.0)


def test_there_is_no_forecast_without_labels() -> None:
    """A power law has no value at zero."""
    with pytest.raises(PlanningError, match="no start at 0"):
        fit_curve(SIZES, power_law(SIZES), [0.02] * 6).forecast(0)


def test_an_interval_without_width_is_not_certain() -> None:
    """Two test speakers on which all models agree do not make a score exact."""
    assert standard_errors([0.5], [0.5]).tolist() == [0.005]
