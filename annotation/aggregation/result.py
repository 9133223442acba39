"""What aggregating votes yields: a posterior per clip and a skill per annotator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from annotation.columns import FloatArray, IntArray
from annotation.votes import VoteMatrix

TIE_WIDTH: Final = 1e-9
"""Two leading classes closer than this are tied; 1e6 times the rounding of a softmax."""


@dataclass(frozen=True, slots=True, eq=False)
class Consensus:
    """The aggregated judgement on N clips in C classes, and what it says of A annotators.

    Attributes:
        items: N clip ids, ascending.
        classes: C class names.
        posterior: P(class | votes), (N, C) float64, rows sum to 1.
        labels: Leading class per clip, (N,) int64; -1 where the leading classes tie.
        is_tie: Whether the leading classes tie, (N,) bool.
        entropy: Entropy of the posterior in nats, (N,) float64.
        votes: Votes behind each row, (N,) int64.
        annotators: A annotator ids, ascending.
        annotator_votes: Votes each of them cast, (A,) int64.
        skill: (A,) float64 in [0, 1]; NaN where the aggregator cannot tell. Its definition is the
            aggregator's.
        confusion: P(vote | truth) per annotator, (A, C, C) with truth on axis 1; None where the
            aggregator has no such model.
        iterations: Rounds of estimation that were run; 0 for a closed form.
        converged: Whether the stopping rule was met within the allowed iterations.
        change: Largest movement of a posterior entry in the last round; 0 for a closed form.
        difficulty: How hard each clip is, (N,) float64, higher = harder, in the aggregator's
            unit; None where it has no such notion.
    """

    items: tuple[str, ...]
    classes: tuple[str, ...]
    posterior: FloatArray
    labels: IntArray
    is_tie: npt.NDArray[np.bool_]
    entropy: FloatArray
    votes: IntArray
    annotators: tuple[str, ...]
    annotator_votes: IntArray
    skill: FloatArray
    confusion: FloatArray | None
    iterations: int
    converged: bool
    change: float = 0.0
    difficulty: FloatArray | None = None

    def label_names(self) -> list[str | None]:
        """Return the label of each clip by name; None where the leading classes tie."""
        return [None if index < 0 else self.classes[index] for index in self.labels]

    def split_labels(self) -> FloatArray:
        """Return one vote per clip, split evenly over its leading classes, (N, C).

        A clip without a tie has a single 1. Against a truth, the mean of the entries at the true
        classes is the accuracy of one who decides ties by lot.

        Example:
            >>> from annotation.aggregation.majority import MajorityVote
            >>> from annotation.testing import fill_votes
            >>> from annotation.votes import build_vote_matrix
            >>> table = fill_votes({"clip_id": ["a", "a"], "label": ["joy", "calm"]})
            >>> votes = build_vote_matrix(table, ["calm", "fear", "joy"])
            >>> MajorityVote().aggregate(votes).split_labels().tolist()
            [[0.5, 0.0, 0.5]]
        """
        return split_leaders(self.posterior)


def conclude(
    votes: VoteMatrix,
    posterior: FloatArray,
    *,
    skill: FloatArray,
    confusion: FloatArray | None = None,
    iterations: int = 0,
    converged: bool = True,
    change: float = 0.0,
    difficulty: FloatArray | None = None,
) -> Consensus:
    """Derive labels, ties and entropy from a posterior and return the finished result.

    Args:
        votes: The votes that were aggregated.
        posterior: (N, C), rows sum to 1.
        skill: (A,).
        confusion: (A, C, C) or None.
        iterations: Rounds of estimation that were run.
        converged: Whether the stopping rule was met.
        change: Largest movement of a posterior entry in the last round.
        difficulty: (N,) or None.

    Returns:
        The consensus; a clip whose two leading classes differ by at most `TIE_WIDTH` is a tie.
    """
    is_tie, labels = _decide(posterior)
    return Consensus(
        items=votes.clips,
        classes=votes.classes,
        posterior=posterior,
        labels=labels,
        is_tie=is_tie,
        entropy=_entropy(posterior),
        votes=votes.clip_counts(),
        annotators=votes.annotators,
        annotator_votes=votes.annotator_counts(),
        skill=skill,
        confusion=confusion,
        iterations=iterations,
        converged=converged,
        change=change,
        difficulty=difficulty,
    )


def _entropy(posterior: FloatArray) -> FloatArray:
    # scipy's `entr` goes number by number and takes four times as long.
    columns = np.ascontiguousarray(posterior.T)
    logs = np.log(np.maximum(columns, np.finfo(np.float64).tiny))
    logs *= columns
    return np.asarray(np.abs(logs.sum(axis=0)))


def split_leaders(scores: FloatArray) -> FloatArray:
    """Share 1 evenly among the classes of each row that lead within `TIE_WIDTH`, (N, C)."""
    if not len(scores):
        return np.zeros_like(scores)
    leads = scores >= scores.max(axis=1, keepdims=True) - TIE_WIDTH
    return np.asarray(leads / leads.sum(axis=1, keepdims=True))


def _decide(posterior: FloatArray) -> tuple[npt.NDArray[np.bool_], IntArray]:
    if posterior.shape[1] == 1:
        return np.zeros(len(posterior), np.bool_), np.zeros(len(posterior), np.int64)
    # Column by column: partition and argmax over a short last axis take ten times as long.
    first, second = posterior[:, 0].copy(), np.full(len(posterior), -np.inf)
    label = np.zeros(len(posterior), np.int64)
    for index, column in enumerate(posterior.T[1:], start=1):
        np.maximum(second, np.minimum(first, column), out=second)
        label[column > first] = index
        np.maximum(first, column, out=first)
    tied = first - second <= TIE_WIDTH
    label[tied] = -1
    return tied, label
