"""Learning curves: UAR by votes and by the annotators' time, and what the votes bought."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.simulation.resampling import Estimate, Resamples, draw_means, estimate
from pipelines.simulation.tally import FloatArray, Tally

SECONDS_PER_HOUR = 3600.0
ROUNDING = 1e-9


@dataclass(frozen=True)
class CurvePoint:
    """What a strategy had after a number of votes; means over seeds and sets of test speakers.

    Args:
        votes: Votes of one campaign.
        clips: Clips with at least one of them.
        votes_per_clip: Mean votes of these; NaN without any.
        hours: Time of the annotators.
        right: Share of these clips whose consensus is the true class; NaN without any.
        uar: UAR on the test speakers.
        share: The same over the UAR that all true labels give.
    """

    votes: float
    clips: float
    votes_per_clip: float
    hours: float
    right: float
    uar: Estimate
    share: Estimate


@dataclass(frozen=True)
class Curve:
    """The learning curve of a strategy.

    Args:
        strategy: Its name.
        points: By rising votes, at least one.
        shared: Correlation of the errors of its points, which seeds and speakers share.
    """

    strategy: str
    points: tuple[CurvePoint, ...]
    shared: float = 0.0

    @property
    def end(self) -> CurvePoint:
        """The last point that every replay reached."""
        return self.points[-1]


def make_curve(tally: Tally, uar: FloatArray, full: FloatArray) -> Curve:
    """Describe a strategy's curve.

    Args:
        tally: What was counted.
        uar: Its UAR in each draw, (B, G).
        full: UAR of the model of all true labels in each draw, (B, 1).

    Returns:
        The curve, with intervals that hold both other seeds and other speakers.
    """
    clips, right, seconds = (one.mean(axis=0) for one in (tally.clips, tally.right, tally.seconds))
    # Where the model of all true labels recognises nothing, no share of it can be told.
    share = np.divide(uar, full, out=np.full(uar.shape, np.nan), where=full > 0)
    scores, shares = estimate(uar), estimate(share)
    points = [
        CurvePoint(
            votes=float(tally.votes[at]),
            clips=float(clips[at]),
            votes_per_clip=_ratio(tally.votes[at], clips[at]),
            hours=float(seconds[at]) / SECONDS_PER_HOUR,
            right=_ratio(right[at], clips[at]),
            uar=scores[at],
            share=shares[at],
        )
        for at in range(len(tally.votes))
    ]
    return Curve(tally.strategy, tuple(points), _correlate(uar))


def draw_hours(tally: Tally, drawn: Resamples) -> FloatArray:
    """Return the annotators' hours at each point of the grid in each draw, (B, G)."""
    return draw_means(tally.seconds, drawn) / SECONDS_PER_HOUR


def _correlate(uar: FloatArray) -> float:
    """Return the mean correlation over draws between points of a curve, at least 0."""
    # Draws that agree differ by rounding.
    varied = uar[:, np.ptp(uar, axis=0) > ROUNDING]
    points = varied.shape[1]
    if points < 2:
        return 0.0
    total = float(np.corrcoef(varied, rowvar=False).sum())
    return max(0.0, (total - points) / (points * (points - 1)))


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")
