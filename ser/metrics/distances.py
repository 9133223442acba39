"""How far apart two groups of speakers are, for one figure, for shares and for whole vectors.

Each distance keeps sums by bundle, a speaker's clips on one side, so that ten thousand ways of
telling bundles apart are a matrix product; see `ser.metrics.drift`.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from ser.metrics.statistic import FloatArray, IntArray, ratio

GRID = 512  # values at which the distributions of one figure are compared at most
ROWS = 1024  # clips whose distances to all others are in memory at once


@dataclass(frozen=True, eq=False)
class MeanDistance:
    """The weighed sum of differences between the means of two groups.

    Args:
        sums: What the clips of each bundle add up to, ``(U, K)``.
        sizes: Clips of each bundle, ``(U,)``.
        weights: Of each difference, ``(K,)``.
    """

    sums: FloatArray
    sizes: IntArray
    weights: FloatArray

    @classmethod
    def of_values(cls, values: npt.ArrayLike, bundle_of: IntArray) -> Self:
        """Return the Wasserstein distance between the distributions of one figure.

        The area between the two distribution functions: how far clips would have to be moved on
        average, in the unit of the figure. Of more than 512 different values it compares the
        functions at 512 quantiles.

        Args:
            values: The figure of each clip, finite, ``(N,)``.
            bundle_of: Bundle of each clip, ``(N,)`` in 0 … U − 1, none empty.

        Example:
            >>> far = MeanDistance.of_values([1.0, 2.0, 4.0], np.array([0, 0, 1]))
            >>> far.between(np.array([[0.0, 1.0]])).tolist()
            [2.5]
        """
        figures = np.asarray(values, dtype=np.float64)
        grid = np.unique(figures)
        if len(grid) > GRID:
            grid = np.unique(np.quantile(figures, np.linspace(0, 1, GRID)))
        sizes = np.bincount(bundle_of)
        # Counting each clip where it lies, and summing up, counts those that lie no higher.
        cells = np.zeros((len(sizes), len(grid)))
        np.add.at(cells, (bundle_of, np.searchsorted(grid, figures)), 1.0)
        return cls(cells.cumsum(axis=1)[:, :-1], sizes, np.diff(grid))

    @classmethod
    def of_shares(cls, shares: npt.ArrayLike, bundle_of: IntArray) -> Self:
        """Return the total variation between mean shares: what part would have to change.

        Args:
            shares: Of each clip, rows sum to 1, ``(N, C)``.
            bundle_of: Bundle of each clip, ``(N,)`` in 0 … U − 1, none empty.

        Example:
            >>> shares = [[1, 0], [1, 0], [0.5, 0.5]]
            >>> far = MeanDistance.of_shares(shares, np.array([0, 0, 1]))
            >>> far.between(np.array([[0.0, 1.0]])).tolist()
            [0.5]
        """
        rows = np.asarray(shares, dtype=np.float64)
        sizes = np.bincount(bundle_of)
        sums = np.zeros((len(sizes), rows.shape[1]))
        np.add.at(sums, bundle_of, rows)
        return cls(sums, sizes, np.full(rows.shape[1], 0.5))

    def between(self, is_incoming: FloatArray) -> FloatArray:
        """Return the distance for each way of telling bundles apart, see `Distance`."""
        came, known = (
            side @ self.sums / (side @ self.sizes)[:, None]
            for side in (is_incoming, 1 - is_incoming)
        )
        distances: FloatArray = np.abs(came - known) @ self.weights
        return distances


@dataclass(frozen=True, eq=False)
class EnergyDistance:
    """The energy distance between vectors, as a shift in standard deviations.

    With ``H = (2 E|X − Y| − E|X − X'| − E|Y − Y'|) / (2 E|X − Y|)``, which is 0 for equal
    distributions and at most 1, it is ``2 √H``: about what every dimension would have to be
    shifted by to be as far away, where that is little.

    Args:
        gaps: Distances between the clips of two bundles, summed, ``(U, U)``.
        sizes: Clips of each bundle, ``(U,)``.

    Reference:
        G. J. Székely and M. L. Rizzo, "Energy statistics: a class of statistics based on
        distances", Journal of Statistical Planning and Inference 143(8), 2013.
        https://doi.org/10.1016/j.jspi.2013.03.018
    """

    gaps: FloatArray
    sizes: IntArray

    @classmethod
    def of_vectors(cls, vectors: npt.ArrayLike, bundle_of: IntArray) -> Self:
        """Return the distance of vectors, each dimension divided by its standard deviation.

        Args:
            vectors: Of each clip, finite, ``(N, D)``.
            bundle_of: Bundle of each clip, ``(N,)`` in 0 … U − 1, none empty.

        Example:
            >>> far = EnergyDistance.of_vectors([[0.0], [0.0], [1.0]], np.array([0, 0, 1]))
            >>> far.between(np.array([[0.0, 1.0]])).tolist()
            [2.0]
        """
        scaled = standardise(vectors)
        order = np.argsort(bundle_of, kind="stable")
        scaled, sizes = scaled[order], np.bincount(bundle_of)
        starts = np.cumsum(sizes) - sizes
        squares = (scaled**2).sum(axis=1)
        gaps = np.zeros((len(sizes), len(sizes)))
        for first in range(0, len(scaled), ROWS):
            rows = slice(first, first + ROWS)
            apart = squares[rows, None] + squares - 2 * scaled[rows] @ scaled.T
            # Rounding would keep a clip from itself.
            np.fill_diagonal(apart[:, first:], 0)
            columns = np.add.reduceat(np.sqrt(np.maximum(apart, 0)), starts, axis=1)
            np.add.at(gaps, bundle_of[order[rows]], columns)
        return cls(gaps, sizes)

    def between(self, is_incoming: FloatArray) -> FloatArray:
        """Return the distance for each way of telling bundles apart, see `Distance`."""
        from_came = is_incoming @ self.gaps
        within_came = (from_came * is_incoming).sum(axis=1)
        across = from_came.sum(axis=1) - within_came
        within_known = self.gaps.sum() - within_came - 2 * across
        came = is_incoming @ self.sizes
        known = self.sizes.sum() - came
        mean = across / (came * known)
        share = 1 - (within_came / came**2 + within_known / known**2) / 2 * np.nan_to_num(
            ratio(1, mean)
        )
        distances: FloatArray = np.where(mean > 0, 2 * np.sqrt(np.maximum(share, 0)), 0.0)
        return distances


def standardise(vectors: npt.ArrayLike) -> FloatArray:
    """Divide each dimension by its standard deviation, around its mean; constant ones become 0.

    Args:
        vectors: ``(N, D)``, N ≥ 1.

    Example:
        >>> standardise([[1.0, 5.0], [3.0, 5.0]]).tolist()
        [[-1.0, 0.0], [1.0, 0.0]]
    """
    rows = np.asarray(vectors, dtype=np.float64)
    centred, deviation = rows - rows.mean(axis=0), rows.std(axis=0)
    is_varied = deviation > 1e-9 * np.abs(rows).max(axis=0, initial=0.0)
    scaled: FloatArray = np.where(is_varied, centred / np.where(is_varied, deviation, 1.0), 0.0)
    return scaled
