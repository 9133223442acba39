"""The fit behind `BayesianRaters`: variational updates of clips, raters and populations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from scipy import sparse

from annotation.columns import FloatArray
from annotation.ratings.gamma_population import LOWEST_SHAPE, fit_gamma
from annotation.ratings.matrix import RatingMatrix

SMALLEST_NOISE: Final = 1e-3
"""Noise is at least this share of the ratings' deviation: no scale is read more finely."""

_PSEUDO_VARIANCE: Final = 0.05
"""Variance of bias and gain of the one pseudo-annotator who keeps the populations proper."""


@dataclass(frozen=True, slots=True, eq=False)
class RaterSums:
    """What the updates read of the ratings, standardised to mean 0 and deviation 1.

    Attributes:
        counts: People per clip and annotator, (N, A) sparse.
        rated: Sum of their standardised ratings, (N, A) sparse.
        votes: Ratings of each annotator, (A,).
        total: Sum of each annotator's standardised ratings, (A,).
        squares: Sum of their squares, (A,).
        middle: Mean of all ratings.
        unit: Standard deviation of all ratings; 0 where all are equal.
    """

    counts: sparse.csr_array
    rated: sparse.csr_array
    votes: FloatArray
    total: FloatArray
    squares: FloatArray
    middle: float
    unit: float

    @classmethod
    def of(cls, ratings: RatingMatrix) -> Self:
        """Standardise the ratings and arrange them for summation."""
        count = ratings.count.astype(np.float64)
        middle = float(np.average(ratings.rating, weights=count))
        centred = ratings.rating - middle
        unit = float(np.sqrt(np.average(centred**2, weights=count)))
        if unit <= 1e-12 * abs(middle):
            unit = 0.0
        normal = centred / (unit or 1.0)
        place = (ratings.clip_index, ratings.annotator_index)
        return cls(
            counts=sparse.csr_array((count, place), shape=ratings.shape),
            rated=sparse.csr_array((count * normal, place), shape=ratings.shape),
            votes=ratings.per_annotator(np.ones_like(normal)),
            total=ratings.per_annotator(normal),
            squares=ratings.per_annotator(normal**2),
            middle=middle,
            unit=unit,
        )


@dataclass(slots=True, eq=False, kw_only=True)
class RaterFit:
    """The posterior so far, in standardised units; `improve` moves it one round.

    Attributes:
        sums: The ratings.
        truth: Posterior mean of each clip, (N,).
        truth_error: Its variance, (N,).
        truth_mean: Mean of the population of clips.
        truth_variance: Its variance.
        bias: Posterior mean of each annotator's bias, (A,).
        bias_variance: Its variance, (A,).
        gain: Posterior mean of the gain, (A,).
        gain_variance: Its variance, (A,).
        covariance: Posterior covariance of bias and gain, (A,).
        precision: Posterior mean of the precision, (A,).
        bias_spread: Variance of bias in the population.
        gain_spread: Variance of gain in the population.
        shape: Shape of the Gamma population of precisions.
    """

    sums: RaterSums
    truth: FloatArray
    truth_error: FloatArray
    truth_mean: float
    truth_variance: float
    bias: FloatArray
    bias_variance: FloatArray
    gain: FloatArray
    gain_variance: FloatArray
    covariance: FloatArray
    precision: FloatArray
    bias_spread: float
    gain_spread: float
    shape: float

    @classmethod
    def start(cls, sums: RaterSums) -> Self:
        """Begin with the plain mean, and annotators who are all alike."""
        people = sums.counts.sum(axis=1)
        truth = sums.rated.sum(axis=1) / people
        noise = max(1 - float(np.average(truth**2, weights=people)), SMALLEST_NOISE**2)
        raters = sums.counts.shape[1]
        zero, one = np.zeros(raters), np.ones(raters)
        return cls(
            sums=sums,
            truth=truth,
            truth_error=noise / people,
            truth_mean=0.0,
            truth_variance=max(float(truth.var()), SMALLEST_NOISE**2),
            bias=zero,
            bias_variance=zero,
            gain=one,
            gain_variance=zero,
            covariance=zero,
            precision=one / noise,
            bias_spread=2 * _PSEUDO_VARIANCE,
            gain_spread=2 * _PSEUDO_VARIANCE,
            shape=1.0,
        )

    def improve(self, smoothing: float) -> float:
        """Update clips, then habits, then precisions; return the largest change of a clip."""
        before = self.truth
        self._update_truth()
        change = float(np.abs(self.truth - before).max())
        self._update_habits()
        self._slide_along_the_ridge()
        self._update_precision(smoothing)
        return change

    def error_at_mean(self) -> FloatArray:
        """Return the standard deviation of what each annotator adds to an average clip, (A,)."""
        at = self.truth_mean
        variance = self.bias_variance + 2 * at * self.covariance + at**2 * self.gain_variance
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)))

    def settle_scale(self) -> None:
        """Put the clips on the average annotator's scale: gains average 1, biases 0 over votes.

        The populations only pull towards that, and mean-field posteriors, blind to the ridge along
        which clips and gains trade places, stop a little beside it. Where people contradict each
        other so far that gains average below a half there is no common scale, and the populations'
        is kept.
        """
        votes = self.sums.votes
        average = float(np.average(self.gain, weights=votes))
        if average >= 0.5:
            self._stretch(1 / average)
        self._shift(float(np.average(self.bias, weights=votes)))

    def _update_truth(self) -> None:
        weight, sums = self.precision, self.sums
        gain_square = self.gain**2 + self.gain_variance
        product = self.bias * self.gain + self.covariance
        certainty = 1 / self.truth_variance + sums.counts @ (weight * gain_square)
        evidence = sums.rated @ (weight * self.gain) - sums.counts @ (weight * product)
        self.truth = (self.truth_mean / self.truth_variance + evidence) / certainty
        self.truth_error = 1 / certainty
        self.truth_mean = float(self.truth.mean())
        moved = (self.truth - self.truth_mean) ** 2 + self.truth_error
        self.truth_variance = max(float(moved.mean()), SMALLEST_NOISE**2)

    def _update_habits(self) -> None:
        weight, sums = self.precision, self.sums
        first = sums.counts.T @ self.truth
        second = sums.counts.T @ (self.truth**2 + self.truth_error)
        of_bias = weight * sums.votes + 1 / self.bias_spread
        of_both = weight * first
        of_gain = weight * second + 1 / self.gain_spread
        toward_bias = weight * sums.total
        toward_gain = weight * (sums.rated.T @ self.truth) + 1 / self.gain_spread
        determinant = of_bias * of_gain - of_both**2
        self.bias_variance = of_gain / determinant
        self.gain_variance = of_bias / determinant
        self.covariance = -of_both / determinant
        self.bias = self.bias_variance * toward_bias + self.covariance * toward_gain
        self.gain = self.covariance * toward_bias + self.gain_variance * toward_gain

    def _slide_along_the_ridge(self) -> None:
        """Move clips and habits together where the ratings cannot tell the difference.

        Stretching the clips while shrinking all gains, or shifting them against all biases, leaves
        every expected rating as it is. Coordinate updates crawl along such a ridge for hundreds of
        rounds; its best point under the populations has a closed form.
        """
        raters, spread = len(self.gain), self.gain_spread
        squares = float((self.gain**2 + self.gain_variance).sum())
        total = float(self.gain.sum())
        stretch = (total + np.sqrt(total**2 + 4 * squares * raters * spread)) / (2 * squares)
        self._stretch(float(stretch))
        product = float((self.bias * self.gain + self.covariance).sum())
        self._shift(product / float((self.gain**2 + self.gain_variance).sum()))
        self.gain_spread = _population_variance((self.gain - 1) ** 2 + self.gain_variance)
        self.bias_spread = _population_variance(self.bias**2 + self.bias_variance)

    def _stretch(self, factor: float) -> None:
        """Multiply all gains, and divide the clips by as much."""
        self.gain = self.gain * factor
        self.gain_variance = self.gain_variance * factor**2
        self.covariance = self.covariance * factor
        self.truth = self.truth / factor
        self.truth_mean /= factor
        self.truth_error = self.truth_error / factor**2
        self.truth_variance /= factor**2

    def _shift(self, shift: float) -> None:
        """Add to all clips, and take it off what each annotator makes of them."""
        self.bias = self.bias - shift * self.gain
        self.bias_variance = (
            self.bias_variance - 2 * shift * self.covariance + shift**2 * self.gain_variance
        )
        self.covariance = self.covariance - shift * self.gain_variance
        self.truth = self.truth + shift
        self.truth_mean += shift

    def _update_precision(self, smoothing: float) -> None:
        votes = self.sums.votes
        residual = np.maximum(self._residual_squares(), SMALLEST_NOISE**2 * votes)
        self.shape, rate = fit_gamma(residual, votes, lowest=max(smoothing / 2, LOWEST_SHAPE))
        self.precision = (self.shape + votes / 2) / (rate + residual / 2)

    def _residual_squares(self) -> FloatArray:
        """Return the expected squared noise of each annotator, summed, (A,)."""
        sums, product = self.sums, self.bias * self.gain + self.covariance
        first = sums.counts.T @ self.truth
        second = sums.counts.T @ (self.truth**2 + self.truth_error)
        fitted = self.bias * sums.total + self.gain * (sums.rated.T @ self.truth)
        return np.asarray(
            sums.squares
            - 2 * fitted
            + (self.bias**2 + self.bias_variance) * sums.votes
            + 2 * product * first
            + (self.gain**2 + self.gain_variance) * second
        )


def _population_variance(squares: FloatArray) -> float:
    return float((squares.sum() + _PSEUDO_VARIANCE) / (len(squares) + 1))
