"""How far annotators are judged by what all of them do: empirical Bayes."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import digamma

from annotation.aggregation.sparse_votes import SparseVotes
from annotation.columns import FloatArray

START: Final = 4.0
"""Strength, in pseudo-votes per class, at which the search begins."""

_STEPS: Final = 2
_STRENGTH: Final = (1e-2, 1e3)


def fit_strength(
    sums: SparseVotes, weights: FloatArray, pooled: FloatArray, strength: FloatArray
) -> FloatArray:
    """Move each class's strength towards the most probable one, (C,).

    Args:
        sums: The votes.
        weights: Expected answers of each pair by truth, (P, C).
        pooled: The pooled probability of each pair's answer by truth, (P, C).
        strength: Present strength by truth, (C,).
    """
    total = sums.per_annotator(weights)
    for _ in range(_STEPS):
        prior = np.maximum(strength * pooled, 1e-12)
        # An answer an annotator never gave adds nothing here, so pairs that occur suffice.
        spread = ((digamma(weights + prior) - digamma(prior)) * pooled).sum(axis=0)
        length = (digamma(total + strength) - digamma(strength)).sum(axis=0)
        ratio = np.divide(spread, length, out=np.ones_like(spread), where=length > 0)
        # The plain step creeps where people are alike; its square has the same fixed point.
        strength = np.clip(strength * ratio**2, *_STRENGTH)
    return strength


def log_sum(log_joint: FloatArray) -> FloatArray:
    """Return log Σ exp of each row, (N,)."""
    total = log_joint[:, 0].copy()
    for column in log_joint.T[1:]:
        np.logaddexp(total, column, out=total)
    return total
