"""Votes needed are exact where curves are known, and bounds where they are not."""

import math

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from pipelines.simulation.crossings import find_crossings, find_reach

VOTES = np.array([100.0, 200, 300, 400])


def _cross(curves, *, full=1.0, levels=(0.6,), draws=20):
    uar = {name: np.tile(np.array(curve), (draws + 1, 1)) for name, curve in curves.items()}
    votes = dict.fromkeys(curves, VOTES)
    hours = {name: np.tile(VOTES / 500, (draws + 1, 1)) for name in curves}
    found = find_crossings(
        uar, votes, hours, np.full(draws + 1, full), reference="random", levels=levels
    )
    return {one.strategy: one for one in found}


def test_crossing_is_interpolated_between_points():
    """Halfway between two points lies halfway between their votes and hours."""
    found = _cross({"random": (0.3, 0.5, 0.7, 0.9), "a": (0.55, 0.65, 0.7, 0.8)})
    assert found["random"].votes.at_least == found["random"].votes.at_most == pytest.approx(250)
    assert found["a"].votes.at_most == pytest.approx(150)
    assert found["a"].hours.at_most == pytest.approx(0.3)
    assert found["a"].ratio.at_most == pytest.approx(0.6)


def test_level_is_a_share_of_the_full_label_uar():
    """90 % of a lower ceiling is reached earlier."""
    assert _cross({"random": (0.2, 0.4, 0.6, 0.8)}, full=0.8, levels=(0.5,))[
        "random"
    ].votes.at_most == pytest.approx(200)


def test_a_lucky_model_does_not_reach_a_level_early():
    """A point above its successors is pooled with them, as scikit-learn pools them."""
    curve = np.array([0.3, 0.62, 0.5, 0.7])
    fitted = IsotonicRegression().fit_transform(VOTES, curve)
    reach = find_reach(curve[None], np.array([0.6]))
    expected = 300 + 100 * (0.6 - fitted[2]) / (fitted[3] - fitted[2])
    assert reach.at(VOTES)[0] == pytest.approx(expected)


def test_level_that_is_not_reached_is_censored():
    """The end of the curve is a lower bound, of the ratio too."""
    found = _cross({"random": (0.3, 0.5, 0.7, 0.9), "a": (0.3, 0.4, 0.4, 0.5)})["a"]
    assert (found.votes.at_least, found.votes.at_most, found.limit) == (400, math.inf, 400)
    assert found.votes.high == math.inf
    assert (found.ratio.at_least, found.ratio.at_most) == (pytest.approx(400 / 250), math.inf)
    assert found.chance_half == 0


def test_reference_that_does_not_reach_it_gives_an_upper_bound():
    """A strategy that does saves at least so much."""
    found = _cross({"random": (0.3, 0.4, 0.5, 0.55), "a": (0.55, 0.65, 0.7, 0.8)})["a"]
    assert (found.ratio.at_least, found.ratio.at_most) == (0, pytest.approx(150 / 400))
    assert found.chance_half == 1


def test_two_that_do_not_reach_it_cannot_be_divided():
    """Nothing is known about the ratio."""
    found = _cross({"random": (0.1, 0.2, 0.3, 0.4), "a": (0.1, 0.2, 0.3, 0.4)})["a"]
    assert (found.ratio.at_least, found.ratio.at_most) == (0, math.inf)


def test_curve_that_begins_beyond_a_level_needs_at_most_its_first_votes():
    """Fewer were never tried."""
    found = _cross({"random": (0.3, 0.5, 0.7, 0.9), "a": (0.7, 0.8, 0.9, 0.9)})["a"]
    assert (found.votes.at_least, found.votes.at_most) == (0, 100)
    assert found.ratio.at_most == pytest.approx(100 / 250)


def test_reference_needs_all_of_its_own_votes():
    """Its ratio is 1 in every draw, known or not."""
    ratio = _cross({"random": (0.1, 0.2, 0.3, 0.4)})["random"].ratio
    assert (ratio.at_least, ratio.at_most, ratio.low, ratio.high) == (1, 1, 1, 1)


def test_interval_holds_draws_that_do_not_get_there():
    """Where more than one in 40 draws is censored, the upper end is not known."""
    curves = np.tile([0.3, 0.5, 0.7, 0.9], (101, 1))
    curves[-5:] = 0.2
    hours = {"random": np.tile(VOTES, (101, 1))}
    found = find_crossings(
        {"random": curves},
        {"random": VOTES},
        hours,
        np.ones(101),
        reference="random",
        levels=(0.6,),
    )[0]
    assert (found.votes.at_most, found.votes.low, found.votes.high) == (
        pytest.approx(250),
        pytest.approx(250),
        math.inf,
    )


def test_paired_draws_make_ratios_sharper_than_votes():
    """What is hard for both strategies cancels in their ratio."""
    pace = 1 + np.concatenate([[0], np.random.default_rng(0).normal(0, 0.15, 400)])[:, None]
    grid = np.linspace(10, 600, 60)
    curves = {"random": 0.3 + 0.001 * grid * pace, "a": 0.3 + 0.002 * grid * pace}
    found = find_crossings(
        curves,
        dict.fromkeys(curves, grid),
        {name: np.tile(grid, (401, 1)) for name in curves},
        np.ones(401),
        reference="random",
        levels=(0.6,),
    )
    votes, ratio = found[1].votes, found[1].ratio
    assert (votes.high - votes.low) / votes.at_most > 0.3
    assert (ratio.low, ratio.high) == pytest.approx((0.5, 0.5))
