"""Hierarchical Dawid-Skene: how much people differ is learnt, and so how far they are pooled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal, get_args

import numpy as np

from annotation.aggregation.dawid_skene import FLOOR, expect_log, log_prevalence, pool
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
from annotation.votes import VoteMatrix

Prevalence = Literal["tested", "learnt", "even"]

_SIGNIFICANT: Final = 1.96
"""Two-sided 5 % of a normal variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HierarchicalDawidSkene:
    r"""Judges each annotator by their own votes and by everybody's, in the proportion that fits.

    The model is Dawid-Skene's, and each annotator's row confusion[a, t, ·] is one draw from
    Dirichlet(strength[t] · pooled[t, ·]). Where people differ, the strength is small and each is
    judged by their own votes; where they are alike it is large and few votes suffice. It is
    estimated by empirical Bayes (the fixed point of the Dirichlet-multinomial likelihood) in
    every M-step, so there is nothing to tune; classical Dawid-Skene is strength 0.

    Expected votes differ less between people than real ones would, so the strength errs towards
    pooling. For clips that is the safe side; for people it would hide who is who. So what is
    reported of them, confusion and skill, are their own votes against the posterior with a
    single pseudo-vote per class.

    How common the classes are is the other thing votes tell badly: a liking of annotators for
    one class and its prevalence look alike, and learnt prevalence drives EM to exaggerate. With
    `tested` both are fitted, even and learnt prevalence, and the learnt one is kept only if it
    explains the clips significantly better: z = (Σ log ratio − (C − 1)/2 · log N) / (s · √N) >
    1.96, Vuong's test with Schwarz's correction, which stays valid though neither model is true.

    Over 18 simulated regimes (3 to 10 votes a clip, 40 to 200 annotators, spam, bias, hard clips,
    rare classes; fresh seeds) it labels .850 of the clips right on average, against .839 by
    `DawidSkene`, .848 with a smoothing of 1 and .805 by the majority; most where annotators have
    few votes (.81, .75). It is not the one to take for two classes of which one is rare (.77,
    .88), nor where most votes are wrong (.56, .65). On `face_sentiment` .658 (crowd-kit's best
    .640) and on `dog` .844 (.843), where one clip is .0012 and the standard error .013.

    Attributes:
        prevalence: `tested`, or one of the two outcomes of the test without it.
        tolerance: Largest change of a posterior entry at which EM stops, at least 0.
        max_iterations: Bound on E-steps of each fit, at least 1.

    Raises:
        AnnotationError: A parameter is outside its range.

    Reference:
        S. Paun et al. (2018). Comparing Bayesian models of annotation. TACL 6, 571-585. T. P.
        Minka (2000). Estimating a Dirichlet distribution. Q. H. Vuong (1989). Likelihood ratio
        tests for model selection and non-nested hypotheses. Econometrica 57(2), 307-333.

    Example:
        >>> from annotation.testing import make_votes
        >>> votes = make_votes(["calm", "joy"], clips=40, annotators=5, seed=1)
        >>> consensus = HierarchicalDawidSkene().aggregate(votes.matrix())
        >>> consensus.converged, sum(map(str.__eq__, consensus.label_names(), votes.truth))
        (True, 40)
    """

    prevalence: Prevalence = "tested"
    tolerance: float = 1e-4
    max_iterations: int = 500
    name: str = field(default="hierarchical", init=False)
    takes_anonymous: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Refuse an unknown prevalence and a stopping rule that can never be evaluated."""
        choices = get_args(Prevalence)
        check_parameter(
            "prevalence", self.prevalence, self.prevalence in choices, f"one of {choices}"
        )
        check_iteration(self.tolerance, self.max_iterations)

    def aggregate(self, votes: VoteMatrix) -> Consensus:
        """Return the posterior, confusion and skill under the prevalence that was kept."""
        sums = SparseVotes.of(votes)
        fits = {}
        for prevalence in ("even", "learnt"):
            if self.prevalence in ("tested", prevalence):
                fits[prevalence] = self._fit(sums, is_learnt=prevalence == "learnt")
        fit = fits.get("even") or fits["learnt"]
        if self.prevalence == "tested" and _is_better(fits["learnt"], fits["even"]):
            fit = fits["learnt"]
        return self._conclude(votes, sums, fit)

    def _fit(self, sums: SparseVotes, *, is_learnt: bool) -> _Fit:
        clips, _, classes = sums.shape
        posterior = vote_shares(sums)
        strength: FloatArray = np.full(classes, START)
        # A class nobody chose would be the best account of every split: its row is anything.
        is_chosen = posterior.sum(axis=0) > 0
        log_prior: FloatArray = np.log(np.where(is_chosen, 1 / max(is_chosen.sum(), 1), FLOOR))
        fit = _Fit(posterior, log_prior, strength, np.zeros(clips), 0, np.inf if clips else 0.0)
        while fit.change > self.tolerance and fit.iterations < self.max_iterations:
            weights = sums.per_pair(posterior)
            pooled = pool(sums.per_label(weights))[sums.pair_label]
            strength = fit_strength(sums, weights, pooled, strength)
            if is_learnt:
                log_prior = log_prevalence(posterior)
            total = sums.per_annotator(weights) + strength
            weights += strength * pooled
            log_joint = expect_log(sums, log_prior, weights / total[sums.pair_annotator])
            evidence = log_sum(log_joint)
            updated = normalise_log(log_joint)
            change = largest_change(updated, posterior)
            posterior = updated
            fit = _Fit(posterior, log_prior, strength, evidence, fit.iterations + 1, change)
        return fit

    def _conclude(self, votes: VoteMatrix, sums: SparseVotes, fit: _Fit) -> Consensus:
        weights = sums.per_pair(fit.posterior)
        pooled = pool(sums.per_label(weights))
        full = sums.expand(weights)
        full += pooled.T
        full /= full.sum(axis=2, keepdims=True)
        return conclude(
            votes,
            fit.posterior,
            skill=np.einsum("t,att->a", np.exp(fit.log_prior), full),
            confusion=full,
            iterations=fit.iterations,
            converged=fit.change <= self.tolerance,
            change=fit.change,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """Where one fit stands: posterior, parameters, log evidence per clip (N,), and progress."""

    posterior: FloatArray
    log_prior: FloatArray
    strength: FloatArray
    evidence: FloatArray
    iterations: int
    change: float


def _is_better(learnt: _Fit, even: _Fit) -> bool:
    """Decide Vuong's test with Schwarz's correction for the C − 1 learnt prevalences."""
    clips, classes = learnt.posterior.shape
    if clips < 2:
        return False
    ratio = learnt.evidence - even.evidence
    gain = float(ratio.sum()) - (classes - 1) / 2 * float(np.log(clips))
    return gain > _SIGNIFICANT * float(ratio.std()) * float(np.sqrt(clips))
