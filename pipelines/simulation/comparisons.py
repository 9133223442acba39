"""Whether a strategy is ever worse than another, with the same votes from the same annotators."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.simulation.resampling import (
    Estimate,
    Resamples,
    draw_uar,
    estimate,
)
from pipelines.simulation.tally import FloatArray, Tallies, Tally, weigh_points

SIGNIFICANT = 0.05
MOST_FLIPS = 10_000
# Differences that rounding alone keeps apart count as equal.
ROUNDING = 1e-10


@dataclass(frozen=True)
class Difference:
    """UAR of one strategy minus that of another after the same number of votes.

    Args:
        votes: Votes of one campaign.
        difference: The difference, with its interval over other seeds and speakers.
        p_value: Two-sided p of the sign-flip test over seeds, read alone.
        p_adjusted: The same, read together with all other points.
    """

    votes: float
    difference: Estimate
    p_value: float
    p_adjusted: float

    @property
    def is_worse(self) -> bool:
        """Whether the strategy is significantly worse here."""
        return self.p_adjusted < SIGNIFICANT and self.difference.value < 0

    @property
    def is_better(self) -> bool:
        """Whether the strategy is significantly better here."""
        return self.p_adjusted < SIGNIFICANT and self.difference.value > 0


@dataclass(frozen=True)
class Comparison:
    """One strategy against another at every number of votes that both were measured at.

    Args:
        strategy: Its name.
        against: The other's.
        least_p: The smallest p that the test can give with as many seeds.
        points: By rising votes; none where the two share no number of votes.
    """

    strategy: str
    against: str
    least_p: float
    points: tuple[Difference, ...]

    @property
    def worse_at(self) -> tuple[float, ...]:
        """Votes at which the strategy is significantly worse."""
        return tuple(point.votes for point in self.points if point.is_worse)

    @property
    def better_at(self) -> tuple[float, ...]:
        """Votes at which it is significantly better."""
        return tuple(point.votes for point in self.points if point.is_better)

    @property
    def lowest(self) -> Difference | None:
        """The point at which it compares worst, significantly or not."""
        return min(self.points, key=lambda point: point.difference.value, default=None)

    @property
    def can_tell(self) -> bool:
        """Whether the test could have found anything."""
        return bool(self.points) and self.least_p < SIGNIFICANT


def compare_strategies(
    first: Tally, second: Tally, tallies: Tallies, drawn: Resamples, *, seed: int = 0
) -> Comparison:
    """Compare two strategies at every point of both grids that lies in both.

    Args:
        first: The strategy in question.
        second: The one it is measured against.
        tallies: The clips they were judged on.
        drawn: The draws, the same for both.
        seed: Seed of the sign flips, where not all are tried.

    Returns:
        The differences, first minus second.
    """
    start = max(first.votes[0], second.votes[0])
    end = min(first.votes[-1], second.votes[-1])
    votes = np.union1d(first.votes, second.votes)
    votes = votes[(votes >= start) & (votes <= end)]
    n_seeds = len(tallies.seeds)
    # With whole weight on one seed a draw is that seed.
    each = Resamples(n_seeds * np.eye(n_seeds), np.ones((n_seeds, len(tallies.speakers))))
    intervals, by_seed = (
        _difference(first, second, tallies, ways, votes) for ways in (drawn, each)
    )
    flips = sign_flips(n_seeds, seed)
    alone, together = flip_p_values(by_seed, flips)
    least = float(flip_p_values(np.ones((n_seeds, 1)), flips)[0][0])
    points = [
        Difference(*found)
        for found in zip(
            votes.tolist(),
            estimate(intervals),
            alone.tolist(),
            together.tolist(),
            strict=True,
        )
    ]
    return Comparison(first.strategy, second.strategy, least, tuple(points))


def sign_flips(n_seeds: int, seed: int = 0) -> FloatArray:
    """Return ways of swapping two strategies seed by seed, −1 or 1, (F, S); the first swaps none.

    All ways are tried where there are at most `MOST_FLIPS`, otherwise that many are drawn.
    """
    if 2**n_seeds <= MOST_FLIPS:
        bits = np.arange(2**n_seeds)[:, None] >> np.arange(n_seeds) & 1
    else:
        bits = np.random.default_rng(seed).integers(2, size=(MOST_FLIPS, n_seeds))
        bits[0] = 0
    return np.asarray(1.0 - 2.0 * bits)


def flip_p_values(differences: FloatArray, flips: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Test at each point whether differences over seeds have mean 0, if their signs are chance.

    Read together, the p-values are adjusted by the step-down maximum over points, not by Holm:
    with 10 seeds no p is below 2/1024, which times 30 points never falls under .05, so Holm could
    not find a strategy worse that loses with every seed at every point. The maximum
    knows that neighbouring points say nearly the same. Both bound the chance of any false alarm.

    Args:
        differences: One strategy minus the other by seed and point, (S, G).
        flips: Signs to try, the first row all 1, (F, S).

    Returns:
        p of each point alone, and read together, (G,) each.

    Reference:
        P. H. Westfall and S. S. Young, "Resampling-based multiple testing", 1993.

    Example:
        >>> alone, together = flip_p_values(np.full((5, 2), 0.1), sign_flips(5))
        >>> alone.tolist(), together.tolist()
        ([0.0625, 0.0625], [0.0625, 0.0625])
    """
    scale = np.sqrt((differences**2).sum(axis=0))
    # |sum| over the root of the sum of squares rises with |t|, and no flip changes the root.
    parts = np.divide(differences, scale, out=np.zeros_like(differences), where=scale > ROUNDING)
    drawn = np.abs(flips @ parts)
    seen = drawn[0] - ROUNDING
    order = np.argsort(seen, kind="stable")
    alone = (drawn >= seen).mean(axis=0)
    largest = np.maximum.accumulate(drawn[:, order], axis=1)
    stepped = (largest >= seen[order]).mean(axis=0)
    together = np.empty_like(alone)
    together[order] = np.maximum.accumulate(stepped[::-1])[::-1]
    return alone, together


def _difference(
    first: Tally, second: Tally, tallies: Tallies, drawn: Resamples, votes: FloatArray
) -> FloatArray:
    ours, theirs = (
        draw_uar(tally, tallies, drawn) @ weigh_points(tally.votes, votes)
        for tally in (first, second)
    )
    return np.asarray(ours - theirs)
