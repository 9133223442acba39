"""The learning curve as a power law: what more labels will bring, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares
from scipy.special import ndtri

from annotation.aggregation.parameters import check_parameter
from annotation.columns import FloatArray
from annotation.planning.errors import PlanningError
from annotation.planning.posterior import draw_curves

FEWEST_POINTS: Final = 3
SMALLEST_ERROR: Final = 0.005
"""Least standard error of a point: a test of a few clips may have no spread, and no certainty."""

_STARTS: Final = (0.1, 0.3, 0.6, 1.0, 1.6)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval.

    Attributes:
        value: Mean of a score, median of a number of labels; infinite where more than half of the
            plausible curves never get there.
        low: Lower end.
        high: Upper end; may be infinite.
        level: Coverage of the interval.
    """

    value: float
    low: float
    high: float
    level: float


@dataclass(frozen=True, slots=True, eq=False)
class LearningCurve:
    """UAR(v) = ceiling − gap · (v / v₀)^−exponent, and all curves that fit the points as well.

    Attributes:
        sizes: Labels behind each of P points, (P,), ascending: votes, clips, or effective labels.
        scores: UAR of each, (P,).
        errors: Standard error of each, (P,).
        ceiling: UAR that the best fit never exceeds.
        gap: What the best fit lacks to it at v₀, the first of `sizes`.
        exponent: How fast the gap closes, c.
        scatter: How many times further than their errors the points lie from the best fit, at
            least 1; the intervals are widened by it.
        draws: Plausible curves, (D, 3): ceiling, gap, exponent.
        weights: How plausible each is, (D,), summing to 1.
    """

    sizes: FloatArray
    scores: FloatArray
    errors: FloatArray
    ceiling: float
    gap: float
    exponent: float
    scatter: float
    draws: FloatArray
    weights: FloatArray

    def values(self, sizes: npt.ArrayLike) -> FloatArray:
        """Return the UAR of each plausible curve at V numbers of labels, (D, V)."""
        at = np.asarray(sizes, np.float64)
        if not (np.isfinite(at) & (at > 0)).all():
            msg = f"`sizes` must be above 0, but got {at.tolist()}; a curve has no start at 0"
            raise PlanningError(msg)
        ceiling, gap, exponent = (self.draws[:, [column]] for column in range(3))
        return np.asarray(ceiling - gap * (at.reshape(1, -1) / self.sizes[0]) ** -exponent)

    def forecast(self, size: float, *, level: float = 0.95) -> Estimate:
        """Return the expected UAR with this many labels.

        The interval is about the curve: about the mean of models trained with so many labels and
        judged on as many test speakers as one could wish for, not about one more evaluation.
        """
        return self._mean(self.values([size])[:, 0], level)

    def gain(self, size: float, later: float, *, level: float = 0.95) -> Estimate:
        """Return by how much UAR grows from one number of labels to a later one."""
        both = self.values([size, later])
        return self._mean(both[:, 1] - both[:, 0], level)

    def votes_for(self, target: float, *, level: float = 0.95) -> Estimate:
        """Return how many labels it takes until the curve reaches a UAR.

        Args:
            target: The UAR.
            level: Coverage of the interval.

        Returns:
            The median and an interval in the unit of `sizes`, infinite where the curve stays
            below, and no fewer than 1.
        """
        needed = self._needed(target)
        tail = (1 - level) / 2
        low, middle, high = self._quantiles(needed, [tail, 0.5, 1 - tail])
        return Estimate(middle, low, high, level)

    def labels_with_chance(self, target: float, chance: float) -> float:
        """Return the labels at which the target is reached with this probability, or infinity."""
        return self._quantiles(self._needed(target), [chance])[0]

    def chance_of(self, target: float, size: float) -> float:
        """Return the probability that the curve is at or above a UAR with this many labels."""
        return float(self.weights[self.values([size])[:, 0] >= target].sum())

    def chance_ever(self, target: float) -> float:
        """Return the probability that any number of labels reaches a UAR."""
        return float(self.weights[self.draws[:, 0] > target].sum())

    def describe(self, target: float, *, unit: str = "votes") -> str:
        """Say in words how far a UAR is.

        Example:
            >>> curve = fit_curve([100, 200, 400, 800], [.5, .57, .62, .65], [.01] * 4)
            >>> curve.describe(.999)
            'UAR 0.999 is never reached within the curve'
        """
        needed = self.votes_for(target)
        if np.isinf(needed.value):
            chance = self.chance_ever(target)
            ever = f" (chance that it ever is: {chance:.0%})" if chance >= 0.005 else ""
            return f"UAR {target:g} is never reached within the curve{ever}"
        high = "never" if np.isinf(needed.high) else f"{needed.high:,.0f}"
        return f"UAR {target:g} takes about {needed.value:,.0f} {unit} [{needed.low:,.0f}, {high}]"

    def _needed(self, target: float) -> FloatArray:
        ceiling, gap, exponent = self.draws.T
        left = ceiling - target
        with np.errstate(divide="ignore", over="ignore"):
            ratio = np.where(left > 0, gap / np.where(left > 0, left, 1.0), np.inf)
            # A curve that is flat at the target was there from the first label on.
            return np.asarray(np.maximum(self.sizes[0] * ratio ** (1 / exponent), 1.0))

    def _mean(self, values: FloatArray, level: float) -> Estimate:
        tail = (1 - level) / 2
        low, high = self._quantiles(values, [tail, 1 - tail])
        return Estimate(float(values @ self.weights), low, high, level)

    def _quantiles(self, values: FloatArray, levels: list[float]) -> list[float]:
        # No interpolation: half-way between a number and infinity there is nothing.
        order = np.argsort(values, kind="stable")
        at = np.searchsorted(np.cumsum(self.weights[order]), levels)
        return [float(one) for one in values[order[np.minimum(at, len(order) - 1)]]]


def fit_curve(
    sizes: npt.ArrayLike,
    scores: npt.ArrayLike,
    errors: npt.ArrayLike,
    *,
    shared: float = 0.0,
) -> LearningCurve:
    """Fit UAR(v) = ceiling − b · v^−c to the points of a learning curve.

    The best fit is bounded weighted least squares. Three to eight points leave many curves
    nearly as good, and asymptotic errors at a bound are worthless, so the intervals come from
    a posterior: every (ceiling, gap, c) of a grid weighted by its likelihood, a priori uniform
    over a ceiling in [0, 1], a gap at the first point in [0, 1] and c in [0.05, 2]. Where the
    points lie further from the best fit than their errors explain, the errors are scaled up
    (Birge's ratio). Scores that fall with more labels are read as a flat curve.

    A power law is an assumption. Viering and Loog find it to describe most curves well, but not
    all; the intervals know the points' errors and not that a curve may be of another shape.
    A forecast far beyond the points is mostly prior.

    Args:
        sizes: Labels behind each of P ≥ 3 points at as many different numbers, above 0.
        scores: UAR of each, in [0, 1].
        errors: Standard error of each (see `standard_errors`); those below `SMALLEST_ERROR` are
            raised to it.
        shared: Correlation of the points' errors, in [0, 1): points judged on the same test
            speakers err together, which makes changes surer than levels.

    Returns:
        The curve.

    Raises:
        PlanningError: There are fewer than three points, or one is no point.

    Example:
        >>> curve = fit_curve([100, 200, 400, 800], [.5, .57, .62, .65], [.01] * 4)
        >>> round(curve.forecast(1600).value, 2), curve.votes_for(.66).value > 800
        (0.67, True)

    Reference:
        R. L. Figueroa, Q. Zeng-Treitler, S. Kandula and L. H. Ngo (2012). Predicting sample size
        required for classification performance. BMC Medical Informatics and Decision Making
        12:8. doi:10.1186/1472-6947-12-8
        T. Viering and M. Loog (2021). The shape of learning curves: a review. arXiv:2103.10948
        R. T. Birge (1932). The calculation of errors by the method of least squares.
        doi:10.1103/PhysRev.40.207
    """
    points = _check_points(sizes, scores, errors)
    check_parameter("shared", shared, 0 <= shared < 1, "in [0, 1)")
    order = np.argsort(points[0], kind="stable")
    at, uar, error = points[:, order]
    error = np.maximum(error, SMALLEST_ERROR)
    root = _whiten(error, shared)
    best, misfit = _fit_best(at / at[0], uar, root)
    free = len(at) - 3
    scatter = max(1.0, float(np.sqrt(misfit / free))) if free else 1.0
    draws, weights = draw_curves(at / at[0], uar, root / scatter)
    ceiling, gap, exponent = (float(one) for one in best)
    return LearningCurve(at, uar, error, ceiling, gap, exponent, scatter, draws, weights)


def standard_errors(low: npt.ArrayLike, high: npt.ArrayLike, *, level: float = 0.95) -> FloatArray:
    """Return the standard errors that intervals stand for, as if errors were normal.

    Args:
        low: Lower ends, (P,).
        high: Upper ends, (P,).
        level: Coverage of the intervals.

    Returns:
        (P,) half-widths over the normal quantile, at least `SMALLEST_ERROR`.

    Example:
        >>> standard_errors([.50], [.598]).round(3).tolist()
        [0.025]
    """
    width = np.asarray(high, np.float64) - np.asarray(low, np.float64)
    return np.asarray(np.maximum(width / (2 * ndtri((1 + level) / 2)), SMALLEST_ERROR))


def _check_points(sizes: npt.ArrayLike, scores: npt.ArrayLike, errors: npt.ArrayLike) -> FloatArray:
    columns = [np.asarray(one, np.float64).reshape(-1) for one in (sizes, scores, errors)]
    if len({len(one) for one in columns}) > 1:
        msg = f"sizes, scores and errors must be as many, but are {[len(c) for c in columns]}"
        raise PlanningError(msg)
    points = np.stack(columns)
    known = len(np.unique(points[0]))
    if known < FEWEST_POINTS:
        msg = (
            f"a forecast needs {FEWEST_POINTS} points of different size, but there are {known}; "
            "run more rounds first"
        )
        raise PlanningError(msg)
    is_right = (
        np.isfinite(points).all(axis=0)
        & (points[0] > 0)
        & (points[1] >= 0)
        & (points[1] <= 1)
        & (points[2] >= 0)
    )
    if not is_right.all():
        size, score, error = points[:, int(np.argmin(is_right))]
        msg = (
            "a point needs a size above 0, a score in [0, 1] and an error of 0 or more, but got "
            f"{size:g}, {score:g}, {error:g}; leave out points that are not known"
        )
        raise PlanningError(msg)
    return points


def _whiten(error: FloatArray, shared: float) -> FloatArray:
    """Return W with Wᵀ W the inverse of the points' covariance, (P, P)."""
    covariance = np.outer(error, error) * shared
    covariance[np.diag_indices_from(covariance)] = error**2
    return np.asarray(np.linalg.inv(np.linalg.cholesky(covariance)))


def _fit_best(ratio: FloatArray, uar: FloatArray, root: FloatArray) -> tuple[FloatArray, float]:
    """Return ceiling, gap and exponent of bounded least squares, and the sum of squares."""

    def residuals(curve: FloatArray) -> FloatArray:
        ceiling, gap, exponent = curve
        return np.asarray(root @ (uar - ceiling + gap * ratio**-exponent))

    top = min(float(uar.max()) + 0.05, 0.999)
    found = [
        least_squares(residuals, (top, 0.1, start), bounds=([0, 0, 1e-3], [1, 1, 2]))
        for start in _STARTS
    ]
    best = min(found, key=lambda one: float(one.cost))
    return np.asarray(best.x), 2 * float(best.cost)
