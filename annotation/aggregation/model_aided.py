"""Consensus that listens to a model as well: what it heard in a clip is one more opinion."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

import numpy as np

from annotation.aggregation.dawid_skene import FLOOR, expect_log
from annotation.aggregation.parameters import check_iteration, check_parameter
from annotation.aggregation.result import Consensus, conclude
from annotation.aggregation.shrinkage import START, fit_strength, log_sum
from annotation.aggregation.sparse_votes import (
    SparseVotes,
    largest_change,
    normalise_log,
    vote_shares,
)
from annotation.columns import FloatArray
from annotation.errors import VoteError
from annotation.sampling.utilities import check_posterior
from annotation.votes import VoteMatrix

_TRUST: Final = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0)
_RIGHT: Final = 0.6
"""Share of right answers expected of a person of whom nothing is known; see `confusion_for`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelAided:
    r"""Weighs people's votes and the prior opinion of a model that never saw them.

    The model is hierarchical Dawid-Skene's, except that the classes of clip n are not equally
    probable beforehand but as a classifier finds them: P(class t | clip n) ∝ opinion[n, t]^trust.
    The trust is the power under which the votes are most probable, so a model that is sure and
    wrong is believed little, and one that says nothing (trust 0) leaves the votes alone.

    It is one E-step and M-step of learning from crowds: train on the posterior, let the model
    judge each clip out of sample, aggregate again. Where a clip has one or two votes of listeners
    who are right half of the time, that is worth several votes more. Without a model a single
    vote can be weighed against nothing; with it, even the confusion of people who never heard the
    same clip is identified.

    The opinion on a clip must not come from its own votes. A model repeats what it was taught, and
    would be heard twice; leave the clip, or its speaker, out of the training.

    Attributes:
        opinion: The classifier's posterior, (N, C), in order of `VoteMatrix.clips`.
        smoothing: Pseudo-votes per class on how all annotators together confuse it, 60 % right.
        tolerance: Largest change of a posterior entry at which EM stops, at least 0.
        max_iterations: Bound on E-steps, at least 1.

    Raises:
        AnnotationError: A parameter is outside its range.
        SamplingError: A row of `opinion` is no distribution.

    Reference:
        V. C. Raykar et al. (2010). Learning from crowds. JMLR 11, 1297-1322. Trust in the
        classifier as one annotator: H. W. Goh, U. Tkachenko and J. Mueller (2022). CROWDLAB.
        arXiv:2210.06812

    Example:
        >>> from annotation.testing import fill_votes
        >>> from annotation.votes import build_vote_matrix
        >>> clips = [f"clip-{number:02d}" for number in range(40)]
        >>> said = ["joy"] * 18 + ["calm"] * 4 + ["joy"] * 4 + ["calm"] * 14
        >>> votes = build_vote_matrix(fill_votes({"clip_id": clips, "label": said}), ["calm", "joy"])
        >>> model = np.repeat([[0.1, 0.9], [0.9, 0.1]], 20, axis=0)
        >>> labels = ModelAided(opinion=model).aggregate(votes).label_names()
        >>> labels == ["joy"] * 20 + ["calm"] * 20
        True
    """

    opinion: FloatArray
    smoothing: float = 10.0
    tolerance: float = 1e-4
    max_iterations: int = 200
    name: str = field(default="model_aided", init=False)
    takes_anonymous: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Refuse an opinion that is none, and a stopping rule that can never be evaluated."""
        check_posterior(self.opinion)
        check_parameter("smoothing", self.smoothing, self.smoothing > 0, "above 0")
        check_iteration(self.tolerance, self.max_iterations)

    def aggregate(self, votes: VoteMatrix) -> Consensus:
        """Return the posterior, confusion and skill at the fixed point EM reaches.

        Raises:
            VoteError: The opinion is not one row per clip of `votes`.
        """
        clips, _, classes = votes.shape
        if self.opinion.shape != (clips, classes):
            msg = (
                f"`opinion` must be ({clips}, {classes}), a row per clip that has votes, but is "
                f"{self.opinion.shape}; pass the rows of `VoteMatrix.clips` in their order"
            )
            raise VoteError(msg)
        sums = SparseVotes.of(votes)
        log_opinion = np.log(np.maximum(self.opinion, FLOOR))
        posterior = 0.5 * vote_shares(sums) + 0.5 * normalise_log(log_opinion)
        strength: FloatArray = np.full(classes, START)
        iterations, change = 0, np.inf if clips else 0.0
        while change > self.tolerance and iterations < self.max_iterations:
            weights = sums.per_pair(posterior)
            pooled = self._pool(sums.per_label(weights))[sums.pair_label]
            strength = fit_strength(sums, weights, pooled, strength)
            total = sums.per_annotator(weights) + strength
            weights += strength * pooled
            evidence = expect_log(sums, np.zeros(classes), weights / total[sums.pair_annotator])
            updated = normalise_log(evidence + _most_probable(log_opinion, evidence))
            change = largest_change(updated, posterior)
            posterior = updated
            iterations += 1
        return self._conclude(votes, sums, posterior, strength, (iterations, change))

    def _pool(self, answers: FloatArray) -> FloatArray:
        """Return P(answer | truth) of all annotators together from (answer, truth) sums."""
        classes = len(answers)
        wrong = (1 - _RIGHT) / max(classes - 1, 1)
        kept = answers + self.smoothing * np.where(np.eye(classes, dtype=bool), _RIGHT, wrong)
        return np.asarray(kept / kept.sum(axis=0))

    def _conclude(
        self,
        votes: VoteMatrix,
        sums: SparseVotes,
        posterior: FloatArray,
        strength: FloatArray,
        ending: tuple[int, float],
    ) -> Consensus:
        weights = sums.per_pair(posterior)
        full = sums.expand(weights) + strength[:, None] * self._pool(sums.per_label(weights)).T
        full /= full.sum(axis=2, keepdims=True)
        clips, _, classes = votes.shape
        shares = posterior.mean(axis=0) if clips else np.full(classes, 1 / classes)
        return conclude(
            votes,
            posterior,
            skill=np.einsum("t,att->a", shares, full),
            confusion=full,
            iterations=ending[0],
            converged=ending[1] <= self.tolerance,
            change=ending[1],
        )


def _most_probable(log_opinion: FloatArray, evidence: FloatArray) -> FloatArray:
    """Return the log prior (N, C) under the trust that makes the votes most probable."""
    best, chosen = -np.inf, log_opinion
    for trust in _TRUST:
        prior = trust * log_opinion
        prior -= log_sum(prior)[:, None]
        likelihood = float(log_sum(prior + evidence).sum())
        if likelihood > best:
            best, chosen = likelihood, prior
    return chosen
