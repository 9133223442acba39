"""Krippendorff's alpha for classes, ordered classes and ratings, with any data missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import numpy as np

from annotation.agreement.counts import check_counts
from annotation.agreement.estimate import Statistic
from annotation.agreement.fleiss import divide
from annotation.columns import FloatArray, IntArray
from annotation.errors import VoteError
from annotation.ratings.matrix import RatingMatrix

MOST_LEVELS: Final = 64
"""Ordered classes that are worked out: each pair of them is a number per clip."""


def count_alpha(
    counts: FloatArray,
    metric: Literal["nominal", "ordinal", "interval"] = "nominal",
    *,
    values: FloatArray | None = None,
) -> Statistic:
    r"""Return Krippendorff's alpha of counts as a statistic of clips.

    alpha = 1 − D_o / D_e: observed over expected disagreement among all pairs of judgements,
    those of a clip with m judgements weighing 1 / (m − 1). Disagreement of classes c and k is 1
    (nominal), the squared number of judgements between them, (Σ_{g=c..k} n[g] − (n[c] + n[k]) / 2)²
    (ordinal), or (value[c] − value[k])² (interval). Only how many people said what matters, so
    missing judgements and anonymous counts need no special case; clips judged once are left out.

    Args:
        counts: People per clip and class, (N, C), in ascending order for ordered metrics.
        metric: How far apart two classes are.
        values: Numbers of the classes for `interval`, (C,); None means 0 … C − 1.

    Returns:
        The statistic; NaN where all judgements are equal.

    Raises:
        VoteError: `counts` is not (N, C), finite and at least 0; the ordinal metric has more than
            `MOST_LEVELS` classes; or `values` are not C finite numbers.

    Reference:
        K. Krippendorff (2011). Computing Krippendorff's alpha-reliability. University of
        Pennsylvania, https://repository.upenn.edu/asc_papers/43

    Example:
        >>> from annotation.agreement import estimate
        >>> counts = np.array([[3.0, 0, 0], [0, 2, 1], [0, 0, 3], [0, 1, 0]])
        >>> [
        ...     round(estimate(count_alpha(counts, metric), resamples=0).value, 3)
        ...     for metric in ("nominal", "ordinal", "interval")
        ... ]
        [0.692, 0.848, 0.871]
    """
    table = check_counts(counts)
    used = (table.sum(axis=1) >= 2).astype(np.float64)
    table = table * used[:, None]
    if metric == "interval":
        points = np.arange(table.shape[1], dtype=float) if values is None else np.asarray(values)
        _check_values(points, table.shape[1])
        centred = points - points.mean()
        sums = [table.sum(axis=1), table @ centred, table @ centred**2]
        return _interval(*sums, used=used, name="interval_alpha")
    if metric == "ordinal":
        return _ordinal(table, used)
    people = table.sum(axis=1)
    disagreeing = _per_other(people**2 - (table**2).sum(axis=1), people)
    terms = np.column_stack([disagreeing, table])
    return Statistic("nominal_alpha", terms, _finish_nominal, used, people)


def rating_alpha(
    ratings: RatingMatrix, metric: Literal["ordinal", "interval"] = "interval"
) -> Statistic:
    """Return Krippendorff's alpha of ratings as a statistic of clips.

    Args:
        ratings: The ratings; anonymous ones count like any other.
        metric: `interval` compares numbers, `ordinal` their ranks among all judgements.

    Returns:
        The statistic; NaN where all ratings are equal.

    Raises:
        VoteError: The ordinal metric meets more than `MOST_LEVELS` different ratings.

    Example:
        >>> from annotation.agreement import estimate
        >>> from annotation.ratings import build_rating_matrix
        >>> from annotation.testing import fill_votes
        >>> rows = {"clip_id": list("aabb"), "annotator": ["kim", "lee"] * 2}
        >>> table = fill_votes(rows | {"arousal": [1.0, 2, 5, 5]})
        >>> ratings = build_rating_matrix(table, "arousal")
        >>> round(estimate(rating_alpha(ratings), resamples=0).value, 3)
        0.941
    """
    if metric == "ordinal":
        levels, level = np.unique(ratings.rating, return_inverse=True)
        _check_levels(len(levels))
        cell = ratings.clip_index * len(levels) + level
        clips = len(ratings.clips)
        counts = np.bincount(cell, ratings.count, clips * len(levels)).astype(np.float64)
        return count_alpha(counts.reshape(clips, len(levels)), "ordinal")
    people = ratings.per_clip(np.ones_like(ratings.rating))
    used = (people >= 2).astype(np.float64)
    middle = ratings.rating.mean() if len(ratings.rating) else 0.0
    centred = ratings.rating - middle
    total, squares = ratings.per_clip(centred), ratings.per_clip(centred**2)
    return _interval(people * used, total * used, squares * used, used=used, name="interval_alpha")


def _interval(
    people: FloatArray, total: FloatArray, squares: FloatArray, *, used: FloatArray, name: str
) -> Statistic:
    """Build the statistic from each clip's number, sum and sum of squares of judgements."""
    # Over ordered pairs, Σ (x − y)² = 2 (m Σ x² − (Σ x)²).
    apart = _per_other(2 * np.maximum(people * squares - total**2, 0.0), people)
    return Statistic(
        name, np.column_stack([apart, people, total, squares]), _finish_interval, used, people
    )


def _ordinal(table: FloatArray, used: FloatArray) -> Statistic:
    levels = table.shape[1]
    _check_levels(levels)
    lower, upper = np.triu_indices(levels, 1)
    people = table.sum(axis=1)
    met = _per_other((2 * table[:, lower] * table[:, upper]).T, people).T
    return Statistic(
        "ordinal_alpha", np.column_stack([met, table]), _finish_ordinal(lower, upper), used, people
    )


def _finish_ordinal(lower: IntArray, upper: IntArray) -> Callable[[FloatArray], FloatArray]:
    def finish(sums: FloatArray) -> FloatArray:
        met, given = sums[:, : len(lower)], sums[:, len(lower) :]
        # The judgements between two levels, ends counted half, are a difference of mid-ranks.
        rank = given.cumsum(axis=1) - given / 2
        apart = (rank[:, upper] - rank[:, lower]) ** 2
        chance = (2 * given[:, lower] * given[:, upper] * apart).sum(axis=1)
        return _alpha((met * apart).sum(axis=1), chance, given.sum(axis=1))

    return finish


def _finish_nominal(sums: FloatArray) -> FloatArray:
    given = sums[:, 1:]
    total = given.sum(axis=1)
    return _alpha(sums[:, 0], total**2 - (given**2).sum(axis=1), total)


def _finish_interval(sums: FloatArray) -> FloatArray:
    apart, people, total, squares = sums.T
    chance = 2 * (people * squares - total**2)
    return _alpha(apart, np.where(chance > 1e-12 * people * squares, chance, 0.0), people)


def _alpha(observed: FloatArray, chance: FloatArray, people: FloatArray) -> FloatArray:
    """Return 1 − D_o / D_e from sums over ordered pairs; NaN where chance never disagrees."""
    return 1 - (people - 1) * divide(observed, chance)


def _per_other(values: FloatArray, people: FloatArray) -> FloatArray:
    """Divide by the number of other judgements on the clip; 0 where there are none."""
    out = np.zeros_like(values)
    return np.asarray(np.divide(values, people - 1, out=out, where=people > 1))


def _check_levels(levels: int) -> None:
    if levels > MOST_LEVELS:
        msg = (
            f"the ordinal metric compares at most {MOST_LEVELS} levels, but there are {levels}; "
            "round the ratings to fewer, or take the interval level"
        )
        raise VoteError(msg)


def _check_values(values: FloatArray, classes: int) -> None:
    if values.shape != (classes,) or not np.isfinite(values).all():
        msg = f"`values` must be {classes} finite numbers, one per class, but got {values.tolist()}"
        raise VoteError(msg)
