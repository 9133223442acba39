"""Confusion, bias and skill of each annotator, next to what others do on the same clips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import betaincinv

from annotation.annotators.judgements import Judgements
from annotation.columns import FloatArray

_FEWEST_VOTES: Final = 10
_FEWEST_ANNOTATORS: Final = 5

POOLED_VOTES: Final = 5.0
"""Votes of the average annotator added to each row of a confusion matrix."""


@dataclass(frozen=True, slots=True, eq=False)
class Skills:
    """How well each of A annotators hears, over the V votes that can be judged.

    Attributes:
        judged: Votes with a reference, (A,) float64.
        confusion: P(vote | truth), (A, C, C) with truth on axis 1, drawn towards `pooled`.
        pooled: P(vote | truth) of all annotators together, (C, C).
        counts: Expected votes by truth and answer behind `confusion`, (A, C, C).
        bias: Share of each class among the annotator's votes minus its share in the references of
            the same clips, (A, C); rows sum to 0. NaN without judged votes.
        hit: P(the vote is right) of each vote, (V,); NaN where it cannot be judged.
        expected: The same of an average annotator on the same clip, (V,); sums to what `hit` does.
        average_answer: P(the vote) of an average annotator who has heard the clip, (V,).
        own_answer: P(the vote) of this annotator who has heard the clip, learnt from their other
            votes, (V,).
        skill: Mean of `hit`, (A,); NaN without judged votes.
        low: Lower end of the interval of `skill`, (A,).
        high: Upper end, (A,).
        typical: Mean of `expected`, (A,): what the clips allow.
        own_ways: Natural log of how much better the annotator's own confusion matrix predicts
            their votes than the average one, (A,); each vote from the others.
        gap_z: Skill minus typical skill, over the standard error and the spread of the group's
            true gaps together, (A,): how far outside the honest range of people it lies.
    """

    judged: FloatArray
    confusion: FloatArray
    pooled: FloatArray
    counts: FloatArray
    bias: FloatArray
    hit: FloatArray
    expected: FloatArray
    average_answer: FloatArray
    own_answer: FloatArray
    skill: FloatArray
    low: FloatArray
    high: FloatArray
    typical: FloatArray
    own_ways: FloatArray
    gap_z: FloatArray


def measure_skill(judgements: Judgements, *, level: float = 0.95) -> Skills:
    """Measure each annotator against the reference of each clip.

    A vote is right with the probability its clip's reference gives the label. On unclear clips
    nobody can be right often, so skill is set beside `typical`, what an average annotator would
    score on the very same clips; only the gap between them speaks of the annotator.

    Args:
        judgements: The votes.
        level: Coverage of the interval of skill: equal-tailed, from the Beta posterior of the
            expected right and wrong votes under Jeffreys' prior.

    Returns:
        The measures.

    Reference:
        L. D. Brown, T. T. Cai and A. DasGupta (2001). Interval estimation for a binomial
        proportion. Statistical Science 16(2), 101-133 (the Jeffreys interval).
    """
    known = np.isfinite(judgements.reference[:, 0])
    reference = np.where(known[:, None], judgements.reference, 0.0)
    judged = judgements.sum(known.astype(np.float64))
    counts = _expected_counts(judgements, reference)
    pooled = _normalise(counts.sum(axis=0) + 0.5 / counts.shape[1])
    confusion = _normalise(counts + POOLED_VOTES * pooled)
    answers = reference @ pooled
    row = np.arange(len(known))
    hit = np.where(known, reference[row, judgements.label_index], np.nan)
    expected = np.where(known, (answers * reference).sum(axis=1), np.nan)
    # An unsure reference blurs the average annotator twice, in the matrix and in the clip.
    expected *= np.nansum(hit) / max(float(np.nansum(expected)), 1e-12)
    right = judgements.sum(np.nan_to_num(hit))
    typical = _ratio(judgements.sum(np.nan_to_num(expected)), judged)
    low, high = beta_interval(right, judged - right, level)
    average = np.where(known, answers[row, judgements.label_index], np.nan)
    own = _predict_from_others(judgements, reference, counts, pooled)
    return Skills(
        judged=judged,
        confusion=confusion,
        pooled=pooled,
        counts=counts,
        bias=_ratio(counts.sum(axis=1) - counts.sum(axis=2), judged[:, None]),
        hit=hit,
        expected=expected,
        average_answer=average,
        own_answer=own,
        skill=_ratio(right, judged),
        low=np.where(judged > 0, low, np.nan),
        high=np.where(judged > 0, high, np.nan),
        typical=typical,
        own_ways=judgements.sum(np.nan_to_num(_log(own) - _log(average))),
        gap_z=_gap(judgements, hit - expected, judged),
    )


def _predict_from_others(
    judgements: Judgements, reference: FloatArray, counts: FloatArray, pooled: FloatArray
) -> FloatArray:
    """Return P(vote | clip, the annotator's other votes), (V,); NaN where there is no reference."""
    who, label = judgements.annotator_index, judgements.label_index
    answered = counts[who, :, label] - reference
    met = counts.sum(axis=2)[who] - reference
    answers = (answered + POOLED_VOTES * pooled[:, label].T) / (met + POOLED_VOTES)
    known = reference.sum(axis=1) > 0
    return np.asarray(np.where(known, (reference * answers).sum(axis=1), np.nan))


def beta_interval(
    right: FloatArray, wrong: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    """Return the equal-tailed interval of a share under Jeffreys' prior, each (A,)."""
    tail = (1 - level) / 2
    low = betaincinv(right + 0.5, np.maximum(wrong, 0.0) + 0.5, tail)
    high = betaincinv(right + 0.5, np.maximum(wrong, 0.0) + 0.5, 1 - tail)
    return np.asarray(low), np.asarray(high)


def _log(probability: FloatArray) -> FloatArray:
    return np.asarray(np.log(np.maximum(probability, 1e-12)))


def _expected_counts(judgements: Judgements, reference: FloatArray) -> FloatArray:
    annotators, classes = judgements.shape
    cell = judgements.annotator_index * classes + judgements.label_index
    columns = [
        np.bincount(cell, weights=weights, minlength=annotators * classes)
        for weights in reference.T
    ]
    counts = np.stack(columns, axis=1).astype(np.float64)
    return counts.reshape(annotators, classes, classes).swapaxes(1, 2)


def _gap(judgements: Judgements, gap: FloatArray, judged: FloatArray) -> FloatArray:
    """Return the mean gap over its error and the group's spread; NaN below two judged votes."""
    filled = np.nan_to_num(gap)
    mean = _ratio(judgements.sum(filled), judged)
    squares = judgements.sum(np.where(np.isfinite(gap), filled**2, 0.0))
    # Half a vote's worth of doubt keeps a short perfect record from being infinitely certain.
    variance = (squares - judged * np.nan_to_num(mean) ** 2 + 0.25) / np.maximum(judged - 1, 1.0)
    error = variance / np.maximum(judged, 1.0)
    known = judged >= _FEWEST_VOTES
    spread = 0.0
    if known.sum() >= _FEWEST_ANNOTATORS:
        # People differ; by a median, so that the bad ones do not widen what passes for honest.
        around = np.abs(mean[known] - np.median(mean[known]))
        spread = max((1.4826 * float(np.median(around))) ** 2 - float(np.median(error[known])), 0.0)
    return np.where(judged >= 2, mean / np.sqrt(error + spread), np.nan)


def _normalise(counts: FloatArray) -> FloatArray:
    return np.asarray(counts / counts.sum(axis=-1, keepdims=True))


def _ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    out = np.full(numerator.shape, np.nan)
    where = np.broadcast_to(denominator > 0, numerator.shape)
    return np.asarray(np.divide(numerator, denominator, out=out, where=where))
