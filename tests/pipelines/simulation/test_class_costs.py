"""What each class costs is told at the 95 % level, or at the end where it is not reached."""

import math

import numpy as np
import pytest

from pipelines.simulation.class_costs import find_class_costs
from pipelines.simulation.crossings import find_reach
from pipelines.simulation.resampling import draw_resamples, draw_uar
from pipelines.simulation.tally import tally_replays
from tests.pipelines.simulation.testing import CLASSES, make_replays


def _costs(curve, *, full=0.8):
    tallies = tally_replays(make_replays({"a": curve}, full=full), len(CLASSES))
    drawn = draw_resamples(3, 3, 20, seed=0)
    reach = find_reach(draw_uar(tallies["a"], tallies, drawn)[:1], np.array([0.95 * full]))
    return find_class_costs(tallies["a"], tallies, reach, CLASSES, drawn)


def test_votes_and_recall_are_those_at_the_level():
    """The level of .76 is reached halfway to 400 votes, half of them on each of two classes."""
    anger, fear, joy = _costs((0.5, 0.6, 0.72, 0.80))
    assert (anger.label, fear.label, joy.label) == CLASSES
    assert anger.votes == pytest.approx(175)
    assert [anger.share, fear.share, joy.share] == pytest.approx([0.5, 0.5, 0])
    assert anger.recall.value == pytest.approx(0.76)
    assert anger.full_recall == pytest.approx(0.8)
    assert anger.is_reached


def test_strategy_that_does_not_reach_it_is_told_of_at_its_end():
    """And it is said so."""
    anger = _costs((0.5, 0.5, 0.5, 0.5))[0]
    assert (anger.votes, anger.is_reached) == (200, False)


def test_no_votes_have_no_shares():
    """A strategy that reaches the level without a vote spends nothing on any class."""
    anger = _costs(((0, 10), (0.8, 0.8)))[0]
    assert anger.votes == 0
    assert math.isnan(anger.share)
