"""Means, variances and covariance of pairs of numbers from sums over them."""

from dataclasses import dataclass

import numpy as np

from ser.metrics.statistic import FloatArray, ratio

# Rounding leaves about so much of the mean square where all numbers are equal.
ROUNDING = 1e-13


@dataclass(frozen=True, eq=False)
class Moments:
    """Population moments of pairs, each ``(B,)``; variances divide by the number of pairs.

    Args:
        mean_x: Mean of the first numbers.
        mean_y: Mean of the second numbers.
        variance_x: Variance of the first numbers.
        variance_y: Variance of the second numbers.
        covariance: Covariance.
    """

    mean_x: FloatArray
    mean_y: FloatArray
    variance_x: FloatArray
    variance_y: FloatArray
    covariance: FloatArray

    @property
    def correlation(self) -> FloatArray:
        """Pearson's correlation, NaN where either number never changes."""
        return ratio(self.covariance, np.sqrt(self.variance_x * self.variance_y))


def moment_rows(x: FloatArray, y: FloatArray) -> FloatArray:
    """Return what each pair adds to the sums, ``(N, 6)``.

    Args:
        x: First numbers, ``(N,)``, best near 0: squares are summed.
        y: Second numbers, ``(N,)``.
    """
    return np.stack([np.ones(len(x)), x, y, x * x, y * y, x * y], axis=1)


def moments(sums: FloatArray) -> Moments:
    """Return the moments of summed `moment_rows`, NaN without a pair.

    Args:
        sums: ``(B, 6)``.

    Example:
        >>> found = moments(moment_rows(np.array([1.0, 3]), np.array([0.0, 4])).sum(0)[None])
        >>> found.variance_x.tolist(), found.covariance.tolist(), found.correlation.tolist()
        ([1.0], [2.0], [1.0])
    """
    mean_x, mean_y, square_x, square_y, product = ratio(sums[:, 1:], sums[:, :1]).T
    return Moments(
        mean_x=mean_x,
        mean_y=mean_y,
        variance_x=_variance(square_x, mean_x),
        variance_y=_variance(square_y, mean_y),
        covariance=product - mean_x * mean_y,
    )


def _variance(mean_square: FloatArray, mean: FloatArray) -> FloatArray:
    variance = mean_square - mean * mean
    # NaN must stay NaN, so the comparison asks for what is too small.
    return np.where(variance < ROUNDING * mean_square, 0.0, variance)
