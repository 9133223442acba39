"""Quantiles of the scores of speakers, chosen so that they hold for speakers never met."""

import math
from typing import Literal

import numpy as np

from ser.metrics.statistic import FloatArray, IntArray

Correction = Literal["left_out", "hierarchical", "none"]
Unit = Literal["speaker", "clip"]

# Shares that are equal on paper are summed to a little more or less.
SLACK = 1e-9


def choose_threshold(
    scores: FloatArray,
    speakers: IntArray,
    *,
    coverage: float,
    correction: Correction,
    per: Unit,
) -> float:
    """Return a number that as many scores of new speakers shall not exceed as are to be covered.

    Args:
        scores: Score of each clip, ``(N,)``.
        speakers: Number of its speaker, ``(N,)``.
        coverage: Share of scores to be covered, in (0, 1).
        correction: How few speakers are allowed for, see `ser.metrics.conformal`.
        per: Whether speakers are counted alike, or clips.

    Returns:
        One of the scores; infinite where there are too few speakers to say.

    Example:
        >>> scores, speakers = np.arange(8.0), np.arange(8) // 2
        >>> [choose_threshold(scores, speakers, coverage=0.75, correction=name, per="speaker")
        ...  for name in ("none", "left_out", "hierarchical")]
        [5.0, 6.0, 7.0]
    """
    if not scores.size:
        return math.inf
    _, numbers, clips = np.unique(speakers, return_inverse=True, return_counts=True)
    each = clips[numbers] * len(clips) if per == "speaker" else np.full(len(scores), len(scores))
    weights = np.asarray(1 / each, np.float64)
    if correction == "none":
        return _quantile(scores, weights, coverage)
    if correction == "hierarchical":
        return _quantile(scores, weights, coverage * (len(clips) + 1) / len(clips))
    if len(clips) < 2:
        return math.inf
    # Each clip is covered by the others' thresholds of any level above its own, so the level is
    # to be above those of as many clips as are to be covered. All up to the next one do the same;
    # from the middle, speakers of one clip each come out as split prediction has it.
    levels = _left_out_levels(scores, numbers, weights)
    below = _quantile(levels, weights, coverage)
    if below >= 1 - SLACK:
        return math.inf
    above = float(np.min(levels, where=levels > below + SLACK, initial=1.0))
    return _quantile(scores, weights, (below + above) / 2)


def _left_out_levels(scores: FloatArray, numbers: IntArray, weights: FloatArray) -> FloatArray:
    """Return the share that smaller scores have of the weight of all other speakers, ``(N,)``."""
    everyone = _weight_below(scores, weights, scores)
    own = np.empty_like(scores)
    ends = np.cumsum(np.bincount(numbers))[:-1]
    for at in np.split(np.argsort(numbers, kind="stable"), ends):
        own[at] = _weight_below(scores[at], weights[at], scores[at])
    others = 1 - np.bincount(numbers, weights)[numbers]
    return np.asarray(np.clip((everyone - own) / others, 0, 1))


def _weight_below(scores: FloatArray, weights: FloatArray, at: FloatArray) -> FloatArray:
    order = np.argsort(scores, kind="stable")
    summed = np.concatenate([[0.0], weights[order].cumsum()])
    return np.asarray(summed[np.searchsorted(scores[order], at, side="left")])


def _quantile(values: FloatArray, weights: FloatArray, level: float) -> float:
    """Return the smallest value with `level` of the weight, or more, at or below it."""
    order = np.argsort(values, kind="stable")
    place = int(np.searchsorted(weights[order].cumsum(), level - SLACK, side="left"))
    return float(values[order[place]]) if place < len(values) else math.inf
