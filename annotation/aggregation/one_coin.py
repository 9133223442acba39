"""One-coin Dawid-Skene: one accuracy per annotator, learnt together with every clip's class."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

import numpy as np

from annotation.aggregation.dawid_skene import log_prevalence
from annotation.aggregation.parameters import check_iteration, check_parameter
from annotation.aggregation.result import Consensus, conclude
from annotation.aggregation.sparse_votes import (
    SparseVotes,
    largest_change,
    normalise_log,
    vote_shares,
)
from annotation.columns import FloatArray
from annotation.votes import VoteMatrix

_EPSILON: Final = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class OneCoinDawidSkene:
    r"""Weighs votes by each annotator's accuracy; every wrong answer is equally likely.

    The model: clip n has class t with probability prior[t]; annotator a answers t with
    probability skill[a], and each other class with (1 − skill[a]) / (C − 1). EM alternates the
    expected share of right answers, smoothed by `smoothing` pseudo-votes of average accuracy,
    and log posterior[n, t] = log prior[t] + Σ_{votes for t} log(skill · (C − 1) / (1 − skill)).

    One parameter a person is learnt from a dozen votes where a full confusion needs hundreds; but
    a habit of taking one class for another is invisible to it, and then it errs confidently
    (`face_sentiment`: .611, majority .637). A pool of anonymous counts has the mean accuracy of
    its people, so counts are read as repeated responses.

    Attributes:
        smoothing: Pseudo-votes per annotator, at least 0; 0 is the classical method.
        tolerance: Largest change of a posterior entry at which EM stops, at least 0.
        max_iterations: Bound on E-steps, at least 1.

    Raises:
        AnnotationError: A parameter is outside its range.

    Reference:
        Y. Zhang, X. Chen, D. Zhou and M. I. Jordan (2016). Spectral methods meet EM. Journal of
        Machine Learning Research 17(102), 1-44.

    Example:
        >>> from annotation.testing import make_votes
        >>> accuracy = [0.9, 0.9, 0.9, 0.6]
        >>> votes = make_votes(["calm", "joy"], clips=500, annotators=4, accuracy=accuracy)
        >>> OneCoinDawidSkene().aggregate(votes.matrix()).skill.round(1).tolist()
        [0.9, 0.9, 0.9, 0.6]
    """

    smoothing: float = 0.0
    tolerance: float = 1e-5
    max_iterations: int = 500
    name: str = field(default="one_coin", init=False)
    takes_anonymous: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Refuse parameters for which EM is undefined."""
        check_parameter("smoothing", self.smoothing, self.smoothing >= 0, "at least 0")
        check_iteration(self.tolerance, self.max_iterations)

    def aggregate(self, votes: VoteMatrix) -> Consensus:
        """Return the posterior and each annotator's accuracy at the fixed point EM reaches."""
        sums = SparseVotes.of(votes)
        posterior = vote_shares(sums)
        iterations, change = 0, np.inf if votes.clips else 0.0
        while change > self.tolerance and iterations < self.max_iterations:
            weight = self._weigh(self._skill(sums, posterior), len(votes.classes))
            log_joint = sums.per_answer(weight[sums.pair_annotator])
            log_joint += log_prevalence(posterior)
            updated = normalise_log(log_joint)
            change = largest_change(updated, posterior)
            posterior = updated
            iterations += 1
        return conclude(
            votes,
            posterior,
            skill=self._skill(sums, posterior),
            iterations=iterations,
            converged=change <= self.tolerance,
            change=change,
        )

    def _skill(self, sums: SparseVotes, posterior: FloatArray) -> FloatArray:
        hits = sums.per_annotator(sums.hits(posterior))
        total = sums.per_annotator(sums.pair_votes)
        average = hits.sum() / max(total.sum(), 1.0)
        return np.asarray((hits + self.smoothing * average) / (total + self.smoothing))

    @staticmethod
    def _weigh(skill: FloatArray, classes: int) -> FloatArray:
        """Return the log odds of a right over one particular wrong answer, (A,)."""
        bounded = np.clip(skill, _EPSILON, 1 - _EPSILON)
        return np.asarray(np.log(bounded) - np.log((1 - bounded) / max(classes - 1, 1)))
