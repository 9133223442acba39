"""Heads that differ as heads of other speakers would, and agree on the whole."""

import numpy as np
import pytest

from ser.encoders.kernel_ridge import mean_product, solve_ridge, standardise
from ser.encoders.ridge import fit_ridge
from ser.encoders.ridge_members import solve_drawn, solve_members
from ser.errors import ConfigurationError
from ser.metrics.posteriors import one_hot

RNG = np.random.default_rng(0)
N = 96
LABELS = np.arange(N) % 3
VOICES = np.arange(N) // 12
SPEAKERS = [f"s{voice}" for voice in VOICES]
FEATURES = RNG.standard_normal((N, 2, 10)).astype(np.float32)
FEATURES[:, 1, :3] += one_hot(LABELS, 3).astype(np.float32)
# One class sounds another way in each voice.
FEATURES[:, 0, 0] += 3 * (LABELS == 2) * RNG.standard_normal(8)[VOICES]
HEAD = fit_ridge(FEATURES, LABELS, SPEAKERS, n_classes=3)


def solve(members: int = 6, speakers=SPEAKERS, **changes):
    """Return the weights of members."""
    return solve_members(HEAD, FEATURES, LABELS, speakers, members=members, **changes)


def test_a_clip_drawn_twice_counts_as_two():
    """The solution is that of the repeated clips, their weights added up."""
    kernel, truth = mean_product(standardise(FEATURES)[2]), one_hot(LABELS, 3)
    counts = RNG.integers(0, 4, N)
    rows = np.repeat(np.arange(N), counts)
    repeated = solve_ridge(kernel[np.ix_(rows, rows)], truth[rows] - truth[rows].mean(axis=0), 0.6)
    expected = np.zeros((N, 3))
    np.add.at(expected, rows, repeated)
    np.testing.assert_allclose(solve_drawn(kernel, truth, counts, 0.6), expected, atol=1e-10)


def test_their_mean_is_the_head():
    """So that nothing of what it says is lost; equal seeds draw equal speakers."""
    weights = solve()
    assert weights.shape == (6, *HEAD.weights.shape)
    np.testing.assert_allclose(weights.mean(axis=0), HEAD.weights, atol=1e-5)
    assert np.array_equal(weights, solve())
    assert not np.array_equal(weights, solve(seed=1))


def test_their_spread_does_not_depend_on_how_many_they_are():
    """Two tell as much of it on average as twenty, though each less surely."""
    few = np.mean([solve(2, seed=seed).var(axis=0).mean() for seed in range(40)])
    assert few == pytest.approx(solve(40).var(axis=0).mean(), rel=0.2)


def test_members_contradict_each_other_where_speakers_do():
    """A number that means another thing in each voice has weights that scatter."""
    spread = solve(20).std(axis=0)[2].reshape(2, 10)
    assert spread[0, 0] > 1.5 * np.median(spread)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [({"members": 1}, "got 1 of 8"), ({"speakers": ["s0"] * N}, "got 6 of 1; label clips of more")],
)
def test_members_that_could_not_differ_are_refused(changes, problem):
    """Before anything is solved."""
    with pytest.raises(ConfigurationError, match=problem):
        solve(**changes)
