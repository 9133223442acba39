"""Strategies are compared in pairs, seed by seed, and chance is not taken for a loss."""

import numpy as np
import pytest
from scipy.stats import permutation_test

from pipelines.simulation.comparisons import compare_strategies, flip_p_values, sign_flips
from pipelines.simulation.resampling import draw_resamples
from pipelines.simulation.tally import tally_replays
from tests.pipelines.simulation.testing import CLASSES, make_replays

CURVE = (0.5, 0.6, 0.7, 0.75)


def _compare(replays):
    tallies = tally_replays(replays, len(CLASSES))
    drawn = draw_resamples(len(tallies.seeds), len(tallies.speakers), 100, seed=0)
    return compare_strategies(tallies["a"], tallies["b"], tallies, drawn)


def test_p_of_a_point_is_that_of_the_sign_flip_test():
    """Alone, it is scipy's exact permutation test of paired samples."""
    values = np.random.default_rng(3).normal(0.3, 1, (8, 1))
    found = permutation_test(
        (values[:, 0],), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    assert flip_p_values(values, sign_flips(8))[0][0] == pytest.approx(found.pvalue)


def test_points_read_together_bound_any_false_alarm():
    """Of strategies that are alike, about one in 20 is called different at any of its points."""
    rng, rounds, alarms = np.random.default_rng(5), 400, 0
    flips = sign_flips(9)
    for _ in range(rounds):
        # Neighbouring points of a curve go together.
        values = np.cumsum(rng.standard_normal((9, 15)), axis=1)
        alarms += flip_p_values(values, flips)[1].min() < 0.05
    # Three standard errors of a share of .05 in 400 rounds.
    assert alarms / rounds <= 0.05 + 0.033


def test_points_read_together_are_never_surer_than_alone():
    """Adjusted p-values lie above, and rise as evidence falls."""
    values = np.random.default_rng(2).normal(0.5, 1, (8, 6))
    alone, together = flip_p_values(values, sign_flips(8))
    assert (together >= alone).all()
    assert (np.diff(together[np.argsort(alone)]) >= 0).all()


def test_many_seeds_are_flipped_at_random():
    """Where not all ways can be tried, no p is 0, and the first way flips none."""
    flips = sign_flips(20)
    assert flips.shape == (10_000, 20)
    assert flips[0].tolist() == [1] * 20
    alone, _ = flip_p_values(np.full((20, 1), 0.1), flips)
    assert 0 < alone[0] < 0.001


def test_strategy_equal_to_the_reference_never_differs():
    """Equal counts give differences of 0, intervals of no width, and p = 1."""
    found = _compare(make_replays({"a": CURVE, "b": CURVE}, seeds=8))
    assert found.worse_at == found.better_at == ()
    assert {point.p_adjusted for point in found.points} == {1.0}
    assert {point.difference.value for point in found.points} == {0.0}


def test_strategy_that_is_worse_somewhere_is_found_there():
    """Worse at the first two numbers of votes and better at the last, it is told so."""
    rng = np.random.default_rng(0)
    curves = {"a": (0.4, 0.5, 0.7, 0.85), "b": CURVE}
    found = _compare(make_replays(curves, seeds=10, clips=100, rng=rng))
    assert (found.worse_at, found.better_at) == ((100, 200), (400,))
    assert found.lowest.votes in (100, 200)
    assert found.lowest.difference.high < 0


def test_strategies_are_compared_where_both_were_measured():
    """Between checkpoints on a straight line, beyond the end of either not at all."""
    curves = {"a": CURVE, "b": ((150, 300), (0.55, 0.7))}
    found = _compare(make_replays(curves))
    assert [point.votes for point in found.points] == [150, 200, 300]
    assert [point.difference.value for point in found.points] == pytest.approx([0, 0, 0])


def test_strategies_without_shared_votes_are_not_compared():
    """There is nothing to say about them."""
    found = _compare(make_replays({"a": CURVE, "b": ((500, 600), (0.5, 0.6))}))
    assert found.points == ()
    assert found.lowest is None
    assert not found.can_tell


@pytest.mark.parametrize(("seeds", "can_tell"), [(5, False), (6, True)])
def test_few_seeds_cannot_tell(seeds, can_tell):
    """With five seeds the smallest p is 1/16, so silence proves nothing."""
    found = _compare(make_replays({"a": CURVE, "b": (0.1, 0.1, 0.1, 0.1)}, seeds=seeds))
    assert found.least_p == 2 / 2**seeds
    assert found.can_tell is can_tell
