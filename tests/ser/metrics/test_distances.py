"""Distances between groups of speakers are those of the textbooks, whoever changes sides."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import energy_distance, wasserstein_distance

from ser.metrics import distances
from ser.metrics.distances import GRID, EnergyDistance, MeanDistance, standardise

RNG = np.random.default_rng(0)
BUNDLES = np.repeat(np.arange(6), [3, 1, 7, 4, 9, 2])
SIDES = np.array([[0.0, 0, 1, 0, 1, 1], [1.0, 0, 0, 1, 0, 0]])


def cut(values: np.ndarray, sides: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the clips of both sides."""
    came = sides[BUNDLES] > 0
    return values[~came], values[came]


def test_the_distance_of_one_figure_is_wassersteins() -> None:
    """Ties, unequal groups and any way of telling bundles apart give SciPy's value."""
    values = RNG.normal(size=len(BUNDLES)).round(1)
    found = MeanDistance.of_values(values, BUNDLES).between(SIDES)
    expected = [wasserstein_distance(*cut(values, sides)) for sides in SIDES]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_many_values_are_compared_at_quantiles() -> None:
    """Beyond the grid the distance is near enough: within a hundredth of a standard deviation."""
    values = RNG.normal(size=4 * GRID)
    bundle_of = np.arange(4 * GRID) % 2
    shifted = values + 0.3 * bundle_of
    (found,) = MeanDistance.of_values(shifted, bundle_of).between(np.array([[0.0, 1.0]]))
    expected = wasserstein_distance(shifted[bundle_of == 0], shifted[bundle_of == 1])
    assert found == pytest.approx(expected, abs=0.01)


def test_the_distance_of_shares_is_the_total_variation() -> None:
    """Half the sum of the differences between mean shares."""
    shares = RNG.dirichlet(np.ones(3), size=len(BUNDLES))
    found = MeanDistance.of_shares(shares, BUNDLES).between(SIDES)
    means = [[part.mean(axis=0) for part in cut(shares, sides)] for sides in SIDES]
    expected = [0.5 * np.abs(known - came).sum() for known, came in means]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_distance_of_vectors_is_twice_the_root_of_the_energy_coefficient() -> None:
    """By the formula of Székely and Rizzo, over all pairs of clips."""
    vectors = RNG.normal(size=(len(BUNDLES), 3)) * [1, 10, 100]
    found = EnergyDistance.of_vectors(vectors, BUNDLES).between(SIDES)
    for sides, value in zip(SIDES, found, strict=True):
        known, came = cut(standardise(vectors), sides)
        across = 2 * cdist(known, came).mean()
        energy = across - cdist(known, known).mean() - cdist(came, came).mean()
        assert value == pytest.approx(2 * np.sqrt(energy / across), rel=1e-9)


def test_in_one_dimension_it_agrees_with_scipy() -> None:
    """The numerator is the square of `scipy.stats.energy_distance`."""
    values = standardise(RNG.normal(size=(len(BUNDLES), 1)))
    (value, _) = EnergyDistance.of_vectors(values, BUNDLES).between(SIDES)
    known, came = cut(values[:, 0], SIDES[0])
    energy = energy_distance(known, came) ** 2
    across = 2 * np.abs(known[:, None] - came).mean()
    assert value == pytest.approx(2 * np.sqrt(energy / across), rel=1e-9)


def test_clips_are_met_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many are in memory at once changes nothing; their order does not either."""
    vectors = RNG.normal(size=(len(BUNDLES), 2))
    whole = EnergyDistance.of_vectors(vectors, BUNDLES)
    monkeypatch.setattr(distances, "ROWS", 4)
    order = RNG.permutation(len(BUNDLES))
    blocks = EnergyDistance.of_vectors(vectors[order], BUNDLES[order])
    np.testing.assert_allclose(blocks.gaps, whole.gaps, rtol=1e-9)


def test_a_small_shift_of_every_dimension_is_told_in_standard_deviations() -> None:
    """A shift by 0.3 of two thousand normal vectors reads about 0.3."""
    bundle_of = np.arange(2000) % 2
    vectors = RNG.normal(size=(2000, 8)) + 0.3 * bundle_of[:, None]
    (value,) = EnergyDistance.of_vectors(vectors, bundle_of).between(np.array([[0.0, 1.0]]))
    assert value == pytest.approx(0.3, abs=0.03)


def test_equal_clips_are_no_distance_apart() -> None:
    """Constant dimensions say nothing, and rounding does not either."""
    same = np.full((len(BUNDLES), 2), 1 / 3)
    assert EnergyDistance.of_vectors(same, BUNDLES).between(SIDES).tolist() == [0, 0]
    assert MeanDistance.of_values(same[:, 0], BUNDLES).between(SIDES).tolist() == [0, 0]
