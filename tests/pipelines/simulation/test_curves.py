"""Curves tell what votes bought, in the units they are named by."""

import math

import numpy as np
import pytest

from pipelines.simulation.curves import make_curve
from pipelines.simulation.resampling import draw_resamples, draw_uar
from pipelines.simulation.tally import tally_replays
from tests.pipelines.simulation.testing import CLASSES, SECONDS, make_replays


def _curve(replays):
    tallies = tally_replays(replays, len(CLASSES))
    drawn = draw_resamples(len(tallies.seeds), len(tallies.speakers), 50, seed=0)
    full = draw_uar(tallies.full, tallies, drawn)
    return make_curve(tallies["a"], draw_uar(tallies["a"], tallies, drawn), full)


def test_points_tell_votes_clips_hours_and_uar():
    """All numbers are those of one campaign."""
    points = _curve(make_replays({"a": (0.4, 0.5, 0.6, 0.72)}, full=0.8)).points
    assert [point.votes for point in points] == [100, 200, 300, 400]
    assert [point.uar.value for point in points] == pytest.approx([0.4, 0.5, 0.6, 0.72])
    assert points[3].share.value == pytest.approx(0.9)
    assert points[3].hours == pytest.approx(400 * SECONDS / 3600)
    assert (points[3].votes_per_clip, points[3].right) == (1, 1)


def test_replays_that_agree_have_intervals_of_no_width():
    """Where every seed and speaker says the same, others would."""
    (point,) = _curve(make_replays({"a": ((100,), (0.4,))})).points
    assert (point.uar.low, point.uar.high) == pytest.approx((0.4, 0.4))


def test_point_without_votes_has_no_votes_per_clip():
    """Before the first vote there is nothing to divide by."""
    point = _curve(make_replays({"a": ((0, 100), (0.3, 0.4))})).points[0]
    assert math.isnan(point.votes_per_clip)
    assert math.isnan(point.right)


def test_errors_that_points_share_are_told() -> None:
    """Points judged on the same few speakers err together; the curve says how much."""
    rng = np.random.default_rng(0)
    made = {"seeds": 6, "folds": ((1, 2), (3, 4)), "clips": 60}
    flat = (0.5, 0.5, 0.5, 0.5)
    easy = make_replays({"a": (0.9, 0.9, 0.9, 0.9)}, **made)
    hard = make_replays({"a": flat}, **made)
    # The speakers of the second fold are hard to recognise at every point.
    split = [one if one.fold == 0 else other for one, other in zip(easy, hard, strict=True)]
    alone = make_replays({"a": flat}, rng=rng, **made)
    assert _curve(split).shared > 0.9
    assert _curve(alone).shared < 0.6
