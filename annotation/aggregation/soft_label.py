"""Soft label: what share of people would answer each class, as a target to train on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

import numpy as np
from scipy.special import digamma

from annotation.aggregation.parameters import check_iteration
from annotation.aggregation.result import Consensus, conclude
from annotation.aggregation.sparse_votes import sum_rows
from annotation.columns import FloatArray
from annotation.votes import VoteMatrix

_STRENGTH: Final = (1e-3, 1e6)


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftLabel:
    r"""Estimates each clip's distribution of answers; nobody's votes count more than another's.

    posterior(n, c) = (votes for c on n + strength / C) / (votes on n + strength): the mean of a
    Dirichlet posterior, which pulls a clip with two votes further towards even than one with
    twenty. The strength is the one under which the votes of all clips are most probable, so where
    people agree it is small, and where one vote says little it is large. Where no clip has two
    votes the data say nothing about it, and it stays at C, one pseudo-vote per class.

    The order of classes is that of the votes, so labels and ties are the majority's. Unlike
    every method that looks for *the* class, it does not become certain with more votes: a clip
    on which people split 6 to 4 stays there. Skill is NaN: nobody is judged.

    Attributes:
        tolerance: Relative change of the strength at which the search stops, at least 0.
        max_iterations: Bound on its steps, at least 1.

    Raises:
        AnnotationError: A parameter is outside its range.

    Reference:
        T. P. Minka (2000). Estimating a Dirichlet distribution. Technical report, MIT.

    Example:
        >>> from annotation.testing import fill_votes
        >>> from annotation.votes import build_vote_matrix
        >>> rows = {"clip_id": list("aab"), "label": ["joy", "calm", "joy"], "count": [6, 4, 1]}
        >>> votes = build_vote_matrix(fill_votes(rows), ["calm", "joy"])
        >>> bool(SoftLabel().aggregate(votes).posterior[0, 1] < 0.6)
        True
    """

    tolerance: float = 1e-6
    max_iterations: int = 500
    name: str = field(default="soft_label", init=False)
    takes_anonymous: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Refuse a stopping rule that can never be evaluated."""
        check_iteration(self.tolerance, self.max_iterations)

    def aggregate(self, votes: VoteMatrix) -> Consensus:
        """Return the smoothed vote shares and how long the search for their strength took."""
        counts = votes.class_counts().astype(np.float64)
        strength, iterations, change = self._find_strength(counts)
        posterior = counts + strength / counts.shape[1]
        posterior /= sum_rows(posterior)[:, None]
        return conclude(
            votes,
            posterior,
            skill=np.full(len(votes.annotators), np.nan),
            iterations=iterations,
            converged=change <= self.tolerance,
            change=change,
        )

    def _find_strength(self, counts: FloatArray) -> tuple[float, int, float]:
        """Return the most probable strength, the steps and the last relative change."""
        classes = counts.shape[1]
        total = sum_rows(counts)
        strength, change, steps = float(classes), 0.0, 0
        if classes == 1 or not (total > 1).any():
            return strength, steps, change
        # Votes are small integers: each distinct number is evaluated once.
        cell, cells = np.unique(counts, return_counts=True)
        size, sizes = np.unique(total, return_counts=True)
        change = np.inf
        while change > self.tolerance and steps < self.max_iterations:
            share = strength / classes
            spread = (cells * (digamma(cell + share) - digamma(share))).sum() / classes
            length = (sizes * (digamma(size + strength) - digamma(strength))).sum()
            updated = float(np.clip(strength * spread / length, *_STRENGTH))
            change = abs(updated - strength) / strength
            strength = updated
            steps += 1
        return strength, steps, change
