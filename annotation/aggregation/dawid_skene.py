"""Dawid-Skene: estimate every annotator's confusion and every clip's class together, by EM."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

import numpy as np

from annotation.aggregation.parameters import check_iteration, check_parameter
from annotation.aggregation.result import Consensus, conclude
from annotation.aggregation.sparse_votes import (
    SparseVotes,
    largest_change,
    normalise_log,
    sum_columns,
    vote_shares,
)
from annotation.columns import FloatArray
from annotation.votes import VoteMatrix

FLOOR: Final = 1e-10
"""Least weight of an answer that was given, in votes: the log of zero would veto a class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DawidSkene:
    r"""Weighs votes by how each annotator confuses the classes, learnt without any truth.

    The model: clip n has class t with probability prior[t]; annotator a, asked about it, answers
    l with probability confusion[a, t, l], independently of everyone else. EM alternates

    - M: prior[t] and confusion[a, t, l] from counts weighted by the posterior, to which each
      annotator gets `smoothing` pseudo-votes per class, spread as all annotators together
      confuse that class; so someone with three votes is judged mostly as an average person;
    - E: log posterior[n, t] = log prior[t] + Σ count[n, a, l] · log confusion[a, t, l] + const,

    from the vote shares, until no posterior moves by more than `tolerance`. Skill is the expected
    accuracy Σ_t prior[t] · confusion[a, t, t]. Memory is A·C² + N·C + 40 bytes per distinct vote.

    One observer may respond repeatedly to one clip (Dawid & Skene 1979), so the
    pseudo-annotator that pools anonymous counts is well defined: its confusion is that of a vote
    drawn from the pool. What this cannot do: tell careful people in the pool from careless ones;
    tell a clip that really lies between two classes from a noisy one (both are confusion); or
    know which latent class is which, beyond the start at the vote shares. The votes on a clip are
    also not independent given its class, so posteriors over many votes are too confident: read
    them as a ranking, and prefer the vote shares as soft training targets.

    Why not the usual constant per cell: where each clip has one vote, the likelihood is flat, and
    EM then follows the constant until every clip has the commonest label. Pseudo-votes from the
    pooled confusion leave such votes as they are. The default is small: it settles what an
    annotator never did, and leaves the classical answers as they are (`face_sentiment` .640,
    `dog` .843, both crowd-kit's). Where annotators have few votes more is better; how much more,
    `HierarchicalDawidSkene` learns.

    Attributes:
        smoothing: Pseudo-votes per annotator and class, at least 0; 0 is the classical method.
        tolerance: Largest change of a posterior entry at which EM stops, at least 0.
        max_iterations: Bound on E-steps, at least 1.

    Raises:
        AnnotationError: A parameter is outside its range.

    Reference:
        A. P. Dawid and A. M. Skene (1979). Maximum likelihood estimation of observer error-rates
        using the EM algorithm. Applied Statistics 28(1), 20-28. doi:10.2307/2346806. Pooling:
        S. Paun et al. (2018). Comparing Bayesian models of annotation. TACL 6, 571-585.
        doi:10.1162/tacl_a_00040

    Example:
        >>> from annotation.testing import make_votes
        >>> from annotation.votes import build_vote_matrix
        >>> votes = make_votes(["calm", "joy"], clips=40, annotators=5, seed=1)
        >>> consensus = DawidSkene().aggregate(build_vote_matrix(votes.table, votes.classes))
        >>> consensus.converged, sum(map(str.__eq__, consensus.label_names(), votes.truth))
        (True, 40)
    """

    smoothing: float = 0.1
    tolerance: float = 1e-5
    max_iterations: int = 500
    name: str = field(default="dawid_skene", init=False)
    takes_anonymous: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Refuse parameters for which EM is undefined."""
        check_parameter("smoothing", self.smoothing, self.smoothing >= 0, "at least 0")
        check_iteration(self.tolerance, self.max_iterations)

    def aggregate(self, votes: VoteMatrix) -> Consensus:
        """Return the posterior, confusion and skill at the fixed point EM reaches."""
        sums = SparseVotes.of(votes)
        posterior = vote_shares(sums)
        iterations, change = 0, np.inf if votes.clips else 0.0
        while change > self.tolerance and iterations < self.max_iterations:
            updated = expect(
                sums, log_prevalence(posterior), self._estimate(sums, sums.per_pair(posterior))
            )
            change = largest_change(updated, posterior)
            posterior = updated
            iterations += 1
        weights = sums.per_pair(posterior)
        full = sums.expand(weights)
        if self.smoothing:
            full += self.smoothing * pool(sums.per_label(weights)).T
        else:
            full = sums.expand(np.maximum(weights, FLOOR))
        full /= full.sum(axis=2, keepdims=True)
        return conclude(
            votes,
            posterior,
            skill=np.einsum("t,att->a", np.exp(log_prevalence(posterior)), full),
            confusion=full,
            iterations=iterations,
            converged=change <= self.tolerance,
            change=change,
        )

    def _estimate(self, sums: SparseVotes, weights: FloatArray) -> FloatArray:
        """Return P(answer | truth) of the pairs that occur, (P, C), from their weights."""
        if not self.smoothing:
            np.maximum(weights, FLOOR, out=weights)
            return weights / sums.per_annotator(weights)[sums.pair_annotator]
        # The answers an annotator never gave hold the rest of their pseudo-votes.
        total = sums.per_annotator(weights) + self.smoothing
        weights += self.smoothing * pool(sums.per_label(weights))[sums.pair_label]
        return weights / total[sums.pair_annotator]


def log_prevalence(posterior: FloatArray) -> FloatArray:
    """Return the log of the mean posterior, kept finite, (C,)."""
    clips, classes = posterior.shape
    mean = sum_columns(posterior) / clips if clips else np.ones(classes)
    return np.asarray(np.log(np.maximum(mean, FLOOR)))


def pool(weights: FloatArray) -> FloatArray:
    """Return P(answer | truth) of all annotators together from (answer, truth) sums, (C, C)."""
    kept = np.maximum(weights, FLOOR)
    return np.asarray(kept / kept.sum(axis=0))


def expect(sums: SparseVotes, log_prior: FloatArray, confusion: FloatArray) -> FloatArray:
    """Return the posterior (N, C) given the log prior (C,) and P(answer | truth), (P, C)."""
    return normalise_log(expect_log(sums, log_prior, confusion))


def expect_log(sums: SparseVotes, log_prior: FloatArray, confusion: FloatArray) -> FloatArray:
    """Return log P(class, votes) of each clip, (N, C)."""
    log_joint = sums.per_clip(np.log(confusion))
    # Class by class: numpy's loops over a short last axis take twice as long.
    for index, value in enumerate(log_prior):
        log_joint[:, index] += value
    return log_joint
