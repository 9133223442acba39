"""When a curve reaches a share of the full-label UAR, and when it is not known to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

from pipelines.simulation.resampling import CONFIDENCE
from pipelines.simulation.tally import FloatArray

LEVELS = (0.90, 0.95, 0.99)
"""Shares of the full-label UAR."""

HALF = 0.5
ROUNDING = 1e-12


@dataclass(frozen=True)
class Bounds:
    """A number that may be known only to lie between two others.

    Args:
        at_least: The estimate lies at or above; 0 where a curve begins beyond the level.
        at_most: The estimate lies at or below; infinite where the level is not reached.
        low: Lower end of the 95 % interval; NaN where there is none.
        high: Upper end; infinite where more than 2.5 % of the draws do not reach the level.
    """

    at_least: float
    at_most: float
    low: float
    high: float

    @property
    def is_known(self) -> bool:
        """Whether the estimate is one number."""
        return self.at_least == self.at_most


@dataclass(frozen=True)
class Crossing:
    """What a strategy needs for a share of the full-label UAR.

    Args:
        strategy: Its name.
        level: The share.
        votes: Votes of one campaign.
        hours: Time of the annotators.
        ratio: Votes over those of the reference strategy.
        chance_half: Share of draws in which that ratio is certain to be at most one half; NaN
            without draws.
        limit: Votes at the end of the strategy's curve.
    """

    strategy: str
    level: float
    votes: Bounds
    hours: Bounds
    ratio: Bounds
    chance_half: float
    limit: float


@dataclass(frozen=True, eq=False)
class Reach:
    """Where each of B curves first reaches its level, on a grid of G points.

    Args:
        position: Place on the grid, such as 2.5 between its third point and the fourth, (B,);
            of a curve that never gets there, the last place.
        is_first: Whether the curve is there at its first point, (B,).
        is_never: Whether it is not there at its last, (B,).
    """

    position: FloatArray
    is_first: np.ndarray[tuple[int], np.dtype[np.bool_]]
    is_never: np.ndarray[tuple[int], np.dtype[np.bool_]]

    def at(self, values: FloatArray) -> FloatArray:
        """Return what values on the grid, (G,) or (B, G), are at each curve's place, (B,)."""
        rows = np.broadcast_to(values, (len(self.position), values.shape[-1]))
        below = np.floor(self.position).astype(np.int64)
        above = np.minimum(below + 1, rows.shape[1] - 1)
        first, second = (np.take_along_axis(rows, one[:, None], 1)[:, 0] for one in (below, above))
        return np.asarray(first + (self.position - below) * (second - first))

    def between(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return between which two amounts each curve's lies, of rising amounts on the grid."""
        found = self.at(values)
        return np.where(self.is_first, 0.0, found), np.where(self.is_never, np.inf, found)


def find_reach(curves: FloatArray, levels: FloatArray) -> Reach:
    """Return where each curve, made to never fall, first reaches its level.

    Isotonic regression pools neighbours that fall, so that neither a lucky model reaches a level
    early nor an unlucky one hides that it was reached.

    Args:
        curves: UAR at the points of a grid, (B, G).
        levels: What each curve is to reach, (B,).

    Returns:
        The places; between points, curves are straight.

    Reference:
        R. E. Barlow et al., "Statistical inference under order restrictions", 1972.

    Example:
        >>> found = find_reach(np.array([[0.2, 0.6, 0.4, 0.7]]), np.array([0.6]))
        >>> found.at(np.array([10.0, 20, 30, 40])).round(3).tolist()
        [35.0]
    """
    fitted = np.stack([isotonic_regression(curve).x for curve in curves])
    is_there = fitted >= levels[:, None] - ROUNDING
    is_never = ~is_there.any(axis=1)
    first = np.where(is_never, fitted.shape[1] - 1, is_there.argmax(axis=1))
    before = np.maximum(first - 1, 0)
    rows = np.arange(len(fitted))
    low, high = fitted[rows, before], fitted[rows, first]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.clip((levels - low) / (high - low), 0, 1)
    is_first = is_there[:, 0]
    position = np.where(is_never | is_first, first, before + np.nan_to_num(part))
    return Reach(position.astype(np.float64), is_first.reshape(-1), is_never.reshape(-1))


def find_crossings(
    uar: Mapping[str, FloatArray],
    votes: Mapping[str, FloatArray],
    hours: Mapping[str, FloatArray],
    full: FloatArray,
    *,
    reference: str,
    levels: Sequence[float] = LEVELS,
) -> tuple[Crossing, ...]:
    """Find what every strategy needs for each level.

    Args:
        uar: UAR in each draw on the strategy's grid, (B, G), by strategy; row 0 is the estimate.
        votes: The grid, (G,).
        hours: The annotators' hours on it, (B, G).
        full: UAR of the model of all true labels in each draw, (B,).
        reference: The strategy that the others' votes are divided by.
        levels: Shares of that UAR.

    Returns:
        The crossings, all levels of a strategy after each other.
    """
    reaches = {
        (name, level): find_reach(curves, level * full)
        for name, curves in uar.items()
        for level in levels
    }
    found = []
    for (name, level), reach in reaches.items():
        least, most = reach.between(votes[name])
        theirs_least, theirs_most = reaches[reference, level].between(votes[reference])
        ratio = _divide(least, theirs_most), _divide(most, theirs_least)
        if name == reference:
            ratio = np.ones(len(least)), np.ones(len(least))
        found.append(
            Crossing(
                strategy=name,
                level=level,
                votes=bound(least, most),
                hours=bound(*reach.between(hours[name])),
                ratio=bound(*ratio),
                chance_half=float((ratio[1][1:] <= HALF).mean()) if len(least) > 1 else math.nan,
                limit=float(votes[name][-1]),
            )
        )
    return tuple(found)


def bound(least: FloatArray, most: FloatArray) -> Bounds:
    """Return estimate and interval of draws that lie between two amounts, (B,) each.

    The interval takes the lower amounts for its low end and the upper for its high end, so what
    is not known makes it wider.
    """
    tail = (1 - CONFIDENCE) / 2
    low = high = math.nan
    if len(least) > 1:
        # Between a number and infinity no mean is a number: an observed value is taken.
        low = float(np.quantile(least[1:], tail, method="inverted_cdf"))
        high = float(np.quantile(most[1:], 1 - tail, method="inverted_cdf"))
    return Bounds(float(least[0]), float(most[0]), low, high)


def _divide(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Divide amounts of which 0 and infinity say that nothing is known on that side."""
    is_open = (whole == 0) | np.isinf(part)
    share = np.divide(part, whole, out=np.full(len(part), np.inf), where=~is_open)
    return np.asarray(share)
