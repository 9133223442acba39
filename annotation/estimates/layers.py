"""Strata of a pool, what their answered clips say of each, and means made of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotation.columns import FloatArray, IntArray
from annotation.estimates.interval import MeanEstimate, cluster_variance, share_interval
from annotation.estimates.prediction_powered import errors_of


@dataclass(frozen=True, slots=True, eq=False)
class PoolMean:
    """A mean over the pool whose interval is still to be made.

    Attributes:
        value: The estimate, (K,).
        centre: The estimate with an answer of 0 and one of 1 more in each sampled stratum, (K,).
        variance: Its variance, (K,).
        errors: What each clip adds to its error, (N, K); a column sums to 0.
        clips: Clips whose answers were used.
    """

    value: FloatArray
    centre: FloatArray
    variance: FloatArray
    errors: FloatArray
    clips: int

    def mix(self, other: PoolMean, share: float, covariance: FloatArray) -> PoolMean:
        """Return share · this + (1 − share) · the other, given the covariance of both, (K,)."""
        rest = 1 - share
        return PoolMean(
            value=share * self.value + rest * other.value,
            centre=share * self.centre + rest * other.centre,
            variance=share**2 * self.variance
            + rest**2 * other.variance
            + 2 * share * rest * covariance,
            errors=share * self.errors + rest * other.errors,
            clips=max(self.clips, other.clips),
        )

    def estimate(
        self, level: float, clusters: npt.ArrayLike | None, freedom: float = np.inf
    ) -> MeanEstimate:
        """Return it with its interval; clusters can only widen that.

        Raises:
            AnnotationError: There is no cluster for each clip, or only one.
        """
        variance = self.variance
        if clusters is not None:
            among, groups = cluster_variance(self.errors, clusters)
            freedom = min(freedom, groups)
            variance = np.maximum(variance, among)
        low, high = share_interval(self.value, variance, self.centre, level=level, freedom=freedom)
        return MeanEstimate(self.value, variance, low, high, level, self.clips)


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """H strata and what their answered clips say of each.

    Attributes:
        values: (N, K); NaN for clips without an answer.
        strata: Stratum of each clip, (N,).
        sizes: Clips of each stratum, (H,) float64.
        counts: Those with an answer, (H,) float64.
        means: Mean answer, (H, K); NaN without one.
        variance: Variance of that mean, (H, K); 0 where all clips have an answer.
        centres: Mean with an answer of 0 and one of 1 more, unless all have an answer, (H, K).
    """

    values: FloatArray
    strata: IntArray
    sizes: FloatArray
    counts: FloatArray
    means: FloatArray
    variance: FloatArray
    centres: FloatArray

    @classmethod
    def of(cls, values: FloatArray, strata: IntArray, number: int) -> Layers:
        """Return what each of `number` strata holds.

        Args:
            values: Within [0, 1], (N, K); NaN for clips without an answer.
            strata: Stratum of each clip, (N,).
            number: H.
        """
        answered = ~np.isnan(values).any(axis=1)
        given, place = values[answered], strata[answered]
        sizes = np.bincount(strata, minlength=number).astype(np.float64)
        counts = np.bincount(place, minlength=number).astype(np.float64)
        sums = _sum_by(place, given, number)
        centres = (sums + 1) / (counts + 2)[:, None]
        spread = (_sum_by(place, given**2, number) + 1) / (counts + 2)[:, None] - centres**2
        with np.errstate(divide="ignore", invalid="ignore"):
            means = sums / counts[:, None]
            variance = spread * ((1 - counts / sizes) / counts)[:, None]
        is_whole = (counts == sizes)[:, None]
        return cls(
            values,
            strata,
            sizes,
            counts,
            means,
            np.where(is_whole, 0.0, variance),
            np.where(is_whole, means, centres),
        )

    @property
    def is_known(self) -> bool:
        """Return whether every stratum that has clips has an answer."""
        return bool(((self.counts > 0) | (self.sizes == 0)).all())

    @property
    def fitted(self) -> FloatArray:
        """Return the mean of each clip's stratum, (N, K)."""
        return self.means[self.strata]

    def mean(self) -> PoolMean:
        """Return the mean over the pool, every stratum at its size; NaN where one is unknown."""
        return self.mean_of(self.fitted, self.variance)

    def mean_of(self, fitted: FloatArray, variance: FloatArray) -> PoolMean:
        """Return the mean of what was fitted.

        Args:
            fitted: What each clip is taken for, (N, K), right on average in each stratum.
            variance: Variance of its mean over each stratum, (H, K).
        """
        full = self.sizes > 0
        part = (self.sizes / len(self.values))[full, None]
        weight = np.divide(
            self.sizes, self.counts, out=np.zeros_like(self.sizes), where=self.counts > 0
        )
        answered = ~np.isnan(self.values).any(axis=1)
        each = np.where(answered, weight[self.strata], 0.0) / len(self.values)
        return PoolMean(
            value=fitted.mean(axis=0),
            centre=(part * self.centres[full]).sum(axis=0),
            variance=(part**2 * variance[full]).sum(axis=0),
            errors=errors_of(self.values, fitted, each),
            clips=int(answered.sum()),
        )


def _sum_by(place: IntArray, values: FloatArray, number: int) -> FloatArray:
    return np.stack([np.bincount(place, column, number) for column in values.T], axis=1)
