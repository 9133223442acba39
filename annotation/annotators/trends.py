"""Drift over an annotator's history, and fatigue from the start to the end of a sitting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import stdtr

from annotation.annotators.judgements import Judgements
from annotation.annotators.skill import Skills
from annotation.columns import FloatArray, IntArray

FEWEST_VOTES: Final = 20
"""Timed and judged votes below which no trend is told."""

_LEAST_INDEPENDENCE: Final = 0.05
"""1 − r² of both regressors below which drift cannot be told from fatigue."""


@dataclass(frozen=True, slots=True, eq=False)
class Trends:
    """How the skill of each annotator moves, against what the clips allow, (A,) each.

    Attributes:
        sittings: Stretches of voting without a long pause; 0 without times.
        drift: Change of skill from the first vote ever to the last, between sittings; NaN with
            fewer than two sittings or too few votes.
        drift_p: Two-sided p-value of no drift; NaN where `drift` is.
        fatigue: Change of skill from the first vote of a sitting to its last; NaN with too few
            votes. With a single sitting it holds both.
        fatigue_p: Two-sided p-value of no fatigue; NaN where `fatigue` is.
    """

    sittings: IntArray
    drift: FloatArray
    drift_p: FloatArray
    fatigue: FloatArray
    fatigue_p: FloatArray


def measure_trends(judgements: Judgements, skills: Skills, *, gap_s: float = 1800.0) -> Trends:
    """Regress each annotator's hits, less what the clips allow, on time.

    Both regressors are ranks scaled to [0, 1], among all of the annotator's votes and among those
    of the sitting, in one least-squares fit per annotator; so an evening of tired votes at the
    end of a long history is not counted twice. Votes whose time is unknown are left out.

    Args:
        judgements: The votes, in the order they were cast.
        skills: Hits and expected hits.
        gap_s: Pause in seconds that ends a sitting, above 0.

    Returns:
        The trends, with p-values of Student's t.
    """
    annotators = len(judgements.annotators)
    timed = np.flatnonzero(np.isfinite(judgements.cast_at_s))
    who = judgements.annotator_index[timed]
    history, within, sittings = _positions(who, judgements.cast_at_s[timed], gap_s, annotators)
    gap = (skills.hit - skills.expected)[timed]
    kept = np.isfinite(gap)
    fit = _Fit.of(who[kept], annotators, history[kept], within[kept], gap[kept])
    alone = (sittings < 2) | (fit.independence < _LEAST_INDEPENDENCE)
    enough = fit.votes >= FEWEST_VOTES
    drift, drift_p = fit.slope(first=True)
    both, both_p = fit.slope(first=False)
    single, single_p = fit.single_slope()
    told = enough & ~alone
    return Trends(
        sittings=sittings,
        drift=np.where(told, drift, np.nan),
        drift_p=np.where(told, drift_p, np.nan),
        fatigue=np.where(enough, np.where(alone, single, both), np.nan),
        fatigue_p=np.where(enough, np.where(alone, single_p, both_p), np.nan),
    )


def _positions(
    who: IntArray, cast: FloatArray, gap_s: float, annotators: int
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Return each vote's place in its history and its sitting, in [0, 1], and sittings, (A,)."""
    is_first = np.diff(who, prepend=-1) != 0
    starts = is_first | (np.diff(cast, prepend=0.0) > gap_s)
    sittings = np.bincount(who[starts], minlength=annotators)
    return _scaled_rank(is_first), _scaled_rank(starts), sittings.astype(np.int64)


def _scaled_rank(starts: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> FloatArray:
    """Return the rank of each entry in its block, from 0 to 1; ½ in a block of one."""
    first = np.flatnonzero(starts)
    block = np.cumsum(starts) - 1
    length = np.diff(np.append(first, len(starts)))[block]
    rank = np.arange(len(starts)) - first[block]
    return np.where(length > 1, rank / np.maximum(length - 1, 1), 0.5)


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """Centred second moments of both regressors and the response, (A,) each."""

    votes: FloatArray
    xx: FloatArray
    xz: FloatArray
    zz: FloatArray
    xy: FloatArray
    zy: FloatArray
    yy: FloatArray

    @classmethod
    def of(cls, who: IntArray, size: int, x: FloatArray, z: FloatArray, y: FloatArray) -> _Fit:
        def total(values: FloatArray) -> FloatArray:
            return np.bincount(who, values, size).astype(np.float64, copy=False)

        votes = total(np.ones_like(x))
        x, z, y = (values - (total(values) / np.maximum(votes, 1))[who] for values in (x, z, y))
        return cls(
            votes,
            total(x * x),
            total(x * z),
            total(z * z),
            total(x * y),
            total(z * y),
            total(y * y),
        )

    @property
    def independence(self) -> FloatArray:
        """Return 1 − r² of the two regressors; 0 where one does not vary."""
        product = self.xx * self.zz
        out = np.zeros_like(product)
        return np.divide(product - self.xz**2, product, out=out, where=product > 1e-9)

    def slope(self, *, first: bool) -> tuple[FloatArray, FloatArray]:
        """Return the slope on one regressor beside the other, and its p-value."""
        with np.errstate(divide="ignore", invalid="ignore"):
            determinant = self.xx * self.zz - self.xz**2
            on_x = (self.zz * self.xy - self.xz * self.zy) / determinant
            on_z = (self.xx * self.zy - self.xz * self.xy) / determinant
            left = self.yy - on_x * self.xy - on_z * self.zy
            own = self.zz if first else self.xx
            return _test(on_x if first else on_z, left, own / determinant, self.votes - 3)

    def single_slope(self) -> tuple[FloatArray, FloatArray]:
        """Return the slope on the place in the sitting alone, and its p-value."""
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = self.zy / self.zz
            return _test(slope, self.yy - slope * self.zy, 1 / self.zz, self.votes - 2)


def _test(
    slope: FloatArray, residual: FloatArray, scale: FloatArray, freedom: FloatArray
) -> tuple[FloatArray, FloatArray]:
    freedom = np.maximum(freedom, 1.0)
    error = np.sqrt(np.maximum(residual, 1e-12) / freedom * scale)
    return slope, 2 * stdtr(freedom, -np.abs(slope / error))
