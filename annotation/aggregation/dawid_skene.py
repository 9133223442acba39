"""Dawid-Skene: estimate every annotator's confusion and every clip's class together, by EM."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse
from scipy.special import logsumexp

from annotation.aggregation.result import Consensus, conclude
from annotation.errors import AnnotationError
from annotation.votes import FloatArray, VoteMatrix

_DECIMALS = 12

# Keeps the log of what was never seen finite; a billionth of a vote outweighs no vote.
_FLOOR = 1e-9


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
    accuracy Σ_t prior[t] · confusion[a, t, t]. Memory is A·C² + N·C + one cell per distinct vote.

    One observer may respond repeatedly to one clip (Dawid & Skene 1979), so the
    pseudo-annotator that pools anonymous counts is well defined: its confusion is that of a vote
    drawn from the pool. What this cannot do: tell careful people in the pool from careless ones;
    tell a clip that really lies between two classes from a noisy one (both are confusion); or
    know which latent class is which, beyond the start at the vote shares. The votes on a clip are
    also not independent given its class, so posteriors over many votes are too confident: read
    them as a ranking, and prefer the vote shares as soft training targets.

    Why not the usual constant per cell: where each clip has one vote, the likelihood is flat, and
    EM then follows the constant until every clip has the commonest label. Pseudo-votes from the
    pooled confusion leave such votes as they are. The default also labels more clips right than
    no smoothing where annotators have few votes (simulated, 15 each: .766 against .736), and on
    `face_sentiment` (.647, .640); on `dog` slightly fewer (.841, .843).

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

    smoothing: float = 1.0
    tolerance: float = 1e-5
    max_iterations: int = 500
    name: str = field(default="dawid_skene", init=False)

    def __post_init__(self) -> None:
        """Refuse parameters for which EM is undefined."""
        _check("smoothing", self.smoothing, self.smoothing >= 0, "at least 0")
        _check("tolerance", self.tolerance, self.tolerance >= 0, "at least 0")
        _check("max_iterations", self.max_iterations, self.max_iterations >= 1, "at least 1")

    def aggregate(self, votes: VoteMatrix) -> Consensus:
        """Return the posterior, confusion and skill at the fixed point EM reaches."""
        counts = votes.class_counts().astype(np.float64)
        posterior = counts / counts.sum(axis=1, keepdims=True)
        answers = _answers(votes)
        iterations, converged = 0, not votes.clips
        while not converged and iterations < self.max_iterations:
            log_prior, log_confusion = self._maximise(answers, posterior)
            updated = _expect(answers, log_prior, log_confusion)
            converged = bool(np.abs(updated - posterior).max() <= self.tolerance)
            posterior = updated
            iterations += 1
        log_prior, log_confusion = self._maximise(answers, posterior)
        confusion = _by_annotator(np.exp(log_confusion), votes)
        return conclude(
            votes,
            posterior,
            skill=np.einsum("t,att->a", np.exp(log_prior), confusion),
            confusion=confusion,
            iterations=iterations,
            converged=converged,
        )

    def _maximise(
        self, answers: sparse.csr_array, posterior: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return log prior (C,) and log P(answer | truth) with rows (annotator, answer)."""
        classes = posterior.shape[1]
        prior = posterior.sum(axis=0) + _FLOOR
        weights = np.asarray(answers.T @ posterior).reshape(-1, classes, classes) + _FLOOR
        pooled = weights.sum(axis=0) + _FLOOR
        weights += self.smoothing * pooled / pooled.sum(axis=0)
        log_confusion = np.log(weights) - np.log(weights.sum(axis=1, keepdims=True))
        return np.log(prior / prior.sum()), log_confusion.reshape(-1, classes)


def _check(name: str, value: float, is_valid: bool, expected: str) -> None:
    if not is_valid:
        msg = f"`{name}` must be {expected}, but got {value}"
        raise AnnotationError(msg)


def _answers(votes: VoteMatrix) -> sparse.csr_array:
    """Return counts as (N, A·C): column a·C + l says how often a answered l."""
    clips, annotators, classes = votes.shape
    column = votes.annotator_index * classes + votes.label_index
    values = votes.count.astype(np.float64)
    shape = (clips, annotators * classes)
    return sparse.csr_array((values, (votes.clip_index, column)), shape=shape)


def _expect(
    answers: sparse.csr_array, log_prior: FloatArray, log_confusion: FloatArray
) -> FloatArray:
    log_joint = log_prior + np.asarray(answers @ log_confusion)
    posterior = np.exp(log_joint - logsumexp(log_joint, axis=1, keepdims=True))
    # EM amplifies the last bit of a symmetric tie until it falls to one side, and that bit
    # depends on the order of summation, so on annotators' names. Rounding keeps ties ties.
    rounded = np.round(posterior, _DECIMALS)
    return np.asarray(rounded / rounded.sum(axis=1, keepdims=True))


def _by_annotator(confusion: FloatArray, votes: VoteMatrix) -> FloatArray:
    """Reorder rows (annotator, answer) × truth into (A, truth, answer)."""
    _, annotators, classes = votes.shape
    return confusion.reshape(annotators, classes, classes).transpose(0, 2, 1).copy()
