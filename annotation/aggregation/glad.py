"""GLAD: how able each annotator is and how hard each clip is, by EM with conjugate gradients."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from annotation.aggregation.parameters import check_iteration, check_parameter
from annotation.aggregation.result import Consensus, conclude
from annotation.aggregation.sparse_votes import normalise_log
from annotation.columns import ANONYMOUS, FloatArray
from annotation.errors import VoteError
from annotation.votes import VoteMatrix

_PRIOR_MEAN: Final = 1.0
"""Mean of the unit normal priors of ability and log easiness; crowd-kit's choice too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glad:
    r"""Weighs votes by ability × easiness, so that a miss on a hard clip counts little.

    The model: all classes are equally likely; annotator a answers clip n right with probability
    σ(ability[a] · exp(log_easiness[n])), and each wrong class is equally likely. Ability and log
    easiness have unit normal priors around 1. EM alternates the posterior with up to
    `gradient_steps` conjugate gradient steps on both. Skill is the probability of a right answer
    on a clip of average easiness; `difficulty` is minus the log easiness.

    What a clip's difficulty adds to the number of its votes and their entropy is small where
    clips have few votes.

    Attributes:
        gradient_steps: Bound on conjugate gradient steps per M-step, at least 1.
        gradient_tolerance: Largest entry of the gradient at which an M-step stops, above 0.
        tolerance: Gain of the expected log likelihood, per vote and class, below which EM stops,
            at least 0; 0 runs all rounds. Further rounds move single clips and, where measured,
            label no more of them right.
        max_iterations: Bound on rounds of E-step and M-step, at least 1.

    Raises:
        AnnotationError: A parameter is outside its range.

    Reference:
        J. Whitehill, P. Ruvolo, T. Wu, J. Bergsma and J. Movellan (2009). Whose vote should
        count more. NIPS 22, 2035-2043.

    Example:
        >>> from annotation.testing import make_votes
        >>> accuracy = [0.9, 0.9, 0.9, 0.5]
        >>> votes = make_votes(["calm", "joy"], clips=60, annotators=4, accuracy=accuracy)
        >>> consensus = Glad().aggregate(votes.matrix())
        >>> int(consensus.skill.argmin()), consensus.difficulty.shape
        (3, (60,))
    """

    gradient_steps: int = 25
    gradient_tolerance: float = 1e-2
    tolerance: float = 1e-5
    max_iterations: int = 100
    name: str = field(default="glad", init=False)
    takes_anonymous: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Refuse an M-step that cannot move."""
        check_parameter(
            "gradient_steps", self.gradient_steps, self.gradient_steps >= 1, "at least 1"
        )
        valid = self.gradient_tolerance > 0
        check_parameter("gradient_tolerance", self.gradient_tolerance, valid, "above 0")
        check_iteration(self.tolerance, self.max_iterations)

    def aggregate(self, votes: VoteMatrix) -> Consensus:
        """Return the posterior, ability and difficulty after EM.

        Raises:
            VoteError: There are anonymous counts among the votes.
        """
        _refuse_pools(votes)
        clips, annotators, classes = votes.shape
        point: FloatArray = np.full(annotators + clips, _PRIOR_MEAN)
        posterior = _expect(votes, point)
        # Without clips, or with one class, there is nothing to learn.
        iterations, change, loss = 0, 0.0, np.inf
        gain, rounds = (np.inf, self.max_iterations) if clips and classes > 1 else (-np.inf, 0)
        # The expected likelihood may fall between rounds; tolerance 0 runs them all.
        while (gain >= self.tolerance or not self.tolerance) and iterations < rounds:
            updated = _expect(votes, point)
            change = float(np.abs(updated - posterior).max())
            posterior = updated
            point, reached = self._maximise(votes, posterior, point)
            gain, loss = (loss - reached) / (len(votes.count) * classes), reached
            iterations += 1
        ability, log_easiness = point[:annotators], point[annotators:]
        typical = float(np.exp(log_easiness.mean())) if clips else 1.0
        return conclude(
            votes,
            posterior,
            skill=np.asarray(expit(ability * typical)),
            iterations=iterations,
            converged=gain < self.tolerance,
            change=change,
            difficulty=-log_easiness,
        )

    def _maximise(
        self, votes: VoteMatrix, posterior: FloatArray, point: FloatArray
    ) -> tuple[FloatArray, float]:
        """Return abilities and log easiness after conjugate gradient steps, and their loss."""
        is_right = posterior[votes.clip_index, votes.label_index]
        found = minimize(
            lambda x: _loss(votes, is_right, x),
            point,
            jac=True,
            method="CG",
            tol=self.gradient_tolerance,
            options={"maxiter": self.gradient_steps},
        )
        return np.asarray(found.x), float(found.fun)


def _refuse_pools(votes: VoteMatrix) -> None:
    pools = [name for name in votes.annotators if name.startswith(ANONYMOUS)]
    if pools:
        msg = (
            f"`votes` holds the anonymous counts `{pools[0]}`, and GLAD needs to know who voted: "
            "the answers of able and unable people mixed follow no ability, whatever its value; "
            "use dawid_skene, one_coin, mace or soft_label, whose models stay themselves when mixed"
        )
        raise VoteError(msg)


def _expect(votes: VoteMatrix, point: FloatArray) -> FloatArray:
    """Return the posterior given abilities and log easiness, (N, C)."""
    clips, annotators, classes = votes.shape
    if classes == 1 or not clips:
        return np.ones((clips, classes)) / classes
    logit = point[votes.annotator_index] * np.exp(point[annotators:])[votes.clip_index]
    # log σ(x) − log σ(−x) = x: how much a vote says for its class over one particular other.
    weight = (logit + np.log(classes - 1)) * votes.count
    cell = votes.clip_index * classes + votes.label_index
    log_joint = np.bincount(cell, weights=weight, minlength=clips * classes)
    return normalise_log(log_joint.astype(np.float64).reshape(clips, classes))


def _loss(votes: VoteMatrix, is_right: FloatArray, point: FloatArray) -> tuple[float, FloatArray]:
    """Return the expected negative log likelihood with priors, and its gradient, (A + N,)."""
    clips, annotators, classes = votes.shape
    easiness = np.exp(point[annotators:])[votes.clip_index]
    ability = point[votes.annotator_index]
    logit = ability * easiness
    # −h·log σ(x) − (1 − h)·log σ(−x) = softplus(x) − h·x
    softplus = np.logaddexp(0.0, logit)
    wrong = (1 - is_right) * np.log(classes - 1)
    offset = point - _PRIOR_MEAN
    loss = float((votes.count * (softplus - is_right * logit + wrong)).sum())
    loss += 0.5 * float(offset @ offset) + 0.5 * len(point) * np.log(2 * np.pi)
    slope = votes.count * (expit(logit) - is_right) * easiness
    gradient = offset
    gradient[:annotators] += np.bincount(votes.annotator_index, slope, annotators)
    gradient[annotators:] += np.bincount(votes.clip_index, slope * ability, clips)
    return loss, gradient
