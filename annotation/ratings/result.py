"""What aggregating ratings yields: a number per clip, its error, and each annotator's habits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annotation.columns import FloatArray, IntArray
from annotation.errors import VoteError
from annotation.ratings.matrix import RatingMatrix


@dataclass(frozen=True, slots=True, eq=False)
class RaterHabits:
    """How each of A annotators uses the scale.

    With m the mean of all clips, rating = m + bias + gain · (truth − m) + noise.

    Attributes:
        bias: Shift on an average clip against the average annotator, in ratings, (A,).
        bias_error: Posterior standard deviation of the bias, (A,).
        gain: How far the annotator spreads the truth out; 1 on average, 0 answers nothing, (A,).
        gain_error: Posterior standard deviation of the gain, (A,).
        noise: Standard deviation of what neither explains, in ratings, (A,).
    """

    bias: FloatArray
    bias_error: FloatArray
    gain: FloatArray
    gain_error: FloatArray
    noise: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class RatingConsensus:
    """The aggregated ratings of N clips, and what they say of A annotators.

    Attributes:
        items: N clip ids, ascending.
        rating: The consensus, (N,) float64, in the unit of the ratings; NaN where undefined.
        standard_error: Standard error of `rating`, (N,) float64; NaN where it cannot be told.
        spread: Standard deviation (n − 1) of the ratings of each clip, (N,) float64: how far
            people disagree, however many they are; NaN below two people.
        votes: People behind each row, (N,) int64.
        annotators: A annotator ids, ascending.
        annotator_votes: Ratings of each of them, (A,) int64.
        weight: Weight of one rating of each, (A,) float64, in a unit that is the aggregator's.
        skill: Correlation of each with what they should have rated, (A,) float64 in [-1, 1]; NaN
            where the aggregator cannot tell. Its definition is the aggregator's.
        habits: Bias, gain and noise; None where the aggregator has no such model.
        iterations: Rounds of estimation that were run; 0 for a closed form.
        converged: Whether the stopping rule was met within the allowed iterations.
        change: Largest movement of a rating in the last round, as a share of the ratings'
            standard deviation; 0 for a closed form.
    """

    items: tuple[str, ...]
    rating: FloatArray
    standard_error: FloatArray
    spread: FloatArray
    votes: IntArray
    annotators: tuple[str, ...]
    annotator_votes: IntArray
    weight: FloatArray
    skill: FloatArray
    habits: RaterHabits | None = None
    iterations: int = 0
    converged: bool = True
    change: float = 0.0


def conclude(
    ratings: RatingMatrix,
    rating: FloatArray,
    *,
    standard_error: FloatArray,
    weight: FloatArray,
    skill: FloatArray,
    habits: RaterHabits | None = None,
    iterations: int = 0,
    converged: bool = True,
    change: float = 0.0,
) -> RatingConsensus:
    """Count the ratings, measure their spread and return the finished result."""
    ones = np.ones_like(ratings.rating)
    votes = ratings.per_clip(ones)
    return RatingConsensus(
        items=ratings.clips,
        rating=rating,
        standard_error=standard_error,
        spread=spread_of(ratings),
        votes=votes.astype(np.int64),
        annotators=ratings.annotators,
        annotator_votes=ratings.per_annotator(ones).astype(np.int64),
        weight=weight,
        skill=skill,
        habits=habits,
        iterations=iterations,
        converged=converged,
        change=change,
    )


def spread_of(ratings: RatingMatrix) -> FloatArray:
    """Return the standard deviation (n − 1) of each clip's ratings, (N,); NaN below two people."""
    votes = ratings.per_clip(np.ones_like(ratings.rating))
    mean = divide(ratings.per_clip(ratings.rating), votes)
    squares = ratings.per_clip((ratings.rating - mean[ratings.clip_index]) ** 2)
    return np.asarray(np.sqrt(divide(squares, votes - 1)))


def divide(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Return the quotient, NaN where the denominator is not above 0."""
    out = np.full(np.broadcast(numerator, denominator).shape, np.nan)
    return np.asarray(np.divide(numerator, denominator, out=out, where=denominator > 0))


def refuse_pools(ratings: RatingMatrix, method: str, reason: str) -> None:
    """Raise when a rating has no annotator, for a method that must know who rated.

    Raises:
        VoteError: There is an anonymous pool; the message says why that will not do.
    """
    pools = np.flatnonzero(ratings.pools())
    if len(pools):
        msg = (
            f"`{method}` needs to know who rated: {reason}, but `{ratings.annotators[pools[0]]}` "
            "pools people nobody can tell apart; leave its ratings out or take `mean` or "
            "`bayesian_raters`"
        )
        raise VoteError(msg)
