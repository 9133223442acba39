"""Consensus that listens to a model as well: what it heard in a clip is one more opinion."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

import numpy as np

from annotation.aggregation.dawid_skene import FLOOR, expect_log
from annotation.aggregation.parameters import check_iteration, check_parameter
from annotation.aggregation.result import Consensus, conclude
from annotation.aggregation.shrinkage import fit_strength
from annotation.aggregation.sparse_votes import SparseVotes, largest_change, normalise_log
from annotation.columns import FloatArray
from annotation.errors import VoteError
from annotation.sampling.utilities import check_posterior
from annotation.votes import VoteMatrix

_TRUST: Final = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0)
_RIGHT: Final = 0.6
"""Share of right answers expected of a person of whom nothing is known; see `confusion_for`."""

_START: Final = 32.0
"""Strength of the pool, in votes, at which the search begins: from far below it would creep."""

_CALIBRATED: Final = 0.01
"""Nats per clip that a trust of 0 or 2 must gain over 1. Where every clip has a single vote, a
better model with worse people explains as much as the reverse, and EM wanders without this."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelAided:
    r"""Weighs people's votes and the prior opinion of a model that never saw them.

    The model is hierarchical Dawid-Skene's, except that the classes of clip n are not equally
    probable beforehand but as a classifier finds them: P(class t | clip n) ∝ opinion[n, t]^trust.
    The trust is the power under which the votes are most probable, so a model that is sure and
    wrong is believed little, and one that knows nothing (trust 0) leaves the votes alone. EM
    starts from people who are right 60 % of the time, never from the model: begun at its word, a
    model that is sure and knows nothing would find its own opinion confirmed and people guessing.

    It is one E-step and M-step of learning from crowds: train on the posterior, let the model
    judge each clip out of sample, aggregate again. Where a clip has one or two votes of listeners
    who are right half of the time, that is worth several votes more: on simulated CREMA-D
    listeners and 1,200 clips in 8 classes, with a calibrated model that is right on 55 %, two
    votes a clip give .88 instead of .75, and one vote .75 instead of .73. With one vote on every
    clip it rests on the model being calibrated: one that is right on 30 % then costs 5 points.

    A class without a single vote is left out, whatever the model says: what people take it for
    cannot be known.

    The opinion on a clip must not come from its own votes. A model repeats what it was taught, and
    would be heard twice; leave the clip, or its speaker, out of the training.

    Attributes:
        opinion: The classifier's posterior, (N, C), in order of `VoteMatrix.clips`.
        smoothing: Pseudo-votes per class on how all annotators together confuse it, 60 % right.
        tolerance: Largest change of a posterior entry at which EM stops, at least 0. The default
            takes a fifteenth of the time of 1e-5, and of 10,000 clips with 3 votes it labels 67
            otherwise, as often for the better as for the worse.
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
        >>> rows = {"clip_id": clips, "label": said}
        >>> votes = build_vote_matrix(fill_votes(rows), ["calm", "joy"])
        >>> model = np.repeat([[0.1, 0.9], [0.9, 0.1]], 20, axis=0)
        >>> labels = ModelAided(opinion=model).aggregate(votes).label_names()
        >>> labels == ["joy"] * 20 + ["calm"] * 20
        True
    """

    opinion: FloatArray
    smoothing: float = 10.0
    tolerance: float = 1e-2
    max_iterations: int = 200
    name: str = field(default="model_aided", init=False)
    takes_anonymous: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Refuse an opinion that is none, and a stopping rule that can never be evaluated."""
        check_posterior(self.opinion, name="opinion")
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
        # Class by class: numpy's loops over a short last axis take several times as long.
        log_opinion = np.ascontiguousarray(np.log(np.maximum(self.opinion, FLOOR)).T)
        # A class nobody chose would be the best account of every split: its row is anything.
        is_chosen = np.bincount(sums.pair_label, minlength=classes) > 0
        log_chosen = np.log(np.where(is_chosen, 1.0, FLOOR))
        # Before anything is believed of the clips, all people are as `smoothing` supposes.
        posterior: FloatArray = np.zeros((clips, classes))
        strength: FloatArray = np.full(classes, _START)
        trusts = range(len(_TRUST))
        totals = [_sum_log(trust * log_opinion) for trust in _TRUST]
        iterations, change = 0, np.inf if clips else 0.0
        while change > self.tolerance and iterations < self.max_iterations:
            weights = sums.per_pair(posterior)
            pooled = self._pool(sums.per_label(weights))[sums.pair_label]
            strength = fit_strength(sums, weights, pooled, strength)
            total = sums.per_annotator(weights) + strength
            weights += strength * pooled
            evidence = expect_log(sums, log_chosen, weights / total[sums.pair_annotator])
            trust = _find_trust(log_opinion, totals, evidence, trusts)
            trusts = range(max(trust - 1, 0), min(trust + 2, len(_TRUST)))
            updated = normalise_log(evidence + _TRUST[trust] * log_opinion.T)
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


def listen(
    votes: VoteMatrix, judge: Callable[[FloatArray], FloatArray], *, times: int
) -> Consensus:
    """Let a model learn from the consensus and the consensus hear the model, in turn.

    It begins where the model has said nothing, so that people are taken to be right in 60 % of
    their votes. Hierarchical Dawid-Skene, which supposes nothing, misjudges them where clips have
    one vote each, and a model that learned from it would only confirm that.

    Args:
        votes: Votes on N clips in C classes.
        judge: From the posterior of the consensus (N, C) to the opinion on each clip, (N, C), of a
            model that learned from the others.
        times: How often the model is heard.

    Returns:
        The consensus that heard it last.

    Raises:
        SamplingError: A row of an opinion is no distribution.
    """
    clips, _, classes = votes.shape
    even = np.full((clips, classes), 1 / classes)
    consensus = ModelAided(opinion=even).aggregate(votes)
    for _ in range(times):
        consensus = ModelAided(opinion=judge(consensus.posterior)).aggregate(votes)
    return consensus


def _find_trust(
    log_opinion: FloatArray, totals: Sequence[float], evidence: FloatArray, places: Iterable[int]
) -> int:
    """Return the place in `_TRUST`, among `places`, that makes the votes most probable.

    Args:
        log_opinion: Log posterior of the model, (C, N).
        totals: Sum over clips of the log of what the opinion to each power adds up to.
        evidence: Log probability of each clip's votes under each class, (N, C).
        places: Which to try; the best one and its neighbours, once EM is on its way.
    """
    columns = np.ascontiguousarray(evidence.T)
    scores = {}
    for place in places:
        joint = _TRUST[place] * log_opinion
        joint += columns
        odd = _CALIBRATED * len(evidence) * (_TRUST[place] - 1) ** 2
        scores[place] = _sum_log(joint) - totals[place] - odd
    return max(scores, key=scores.__getitem__)


def _sum_log(log_joint: FloatArray) -> float:
    """Return the sum over clips of log Σ exp over classes, of (C, N), which is overwritten."""
    highest = log_joint.max(axis=0)
    log_joint -= highest
    np.exp(log_joint, out=log_joint)
    return float((highest + np.log(log_joint.sum(axis=0))).sum())
