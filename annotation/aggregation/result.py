"""What aggregating votes yields: a posterior per clip and a skill per annotator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from annotation.votes import FloatArray, IntArray, VoteMatrix

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

    def label_names(self) -> list[str | None]:
        """Return the label of each clip by name; None where the leading classes tie."""
        return [None if index < 0 else self.classes[index] for index in self.labels]


def conclude(
    votes: VoteMatrix,
    posterior: FloatArray,
    *,
    skill: FloatArray,
    confusion: FloatArray | None = None,
    iterations: int = 0,
    converged: bool = True,
) -> Consensus:
    """Derive labels, ties and entropy from a posterior and return the finished result.

    Args:
        votes: The votes that were aggregated.
        posterior: (N, C), rows sum to 1.
        skill: (A,).
        confusion: (A, C, C) or None.
        iterations: Rounds of estimation that were run.
        converged: Whether the stopping rule was met.

    Returns:
        The consensus; a clip whose two leading classes differ by at most `TIE_WIDTH` is a tie.
    """
    is_tie, labels = _decide(posterior)
    log_posterior = np.log(posterior, out=np.zeros_like(posterior), where=posterior > 0)
    return Consensus(
        items=votes.clips,
        classes=votes.classes,
        posterior=posterior,
        labels=labels,
        is_tie=is_tie,
        # The minus sign would turn the zero of a unanimous clip into -0.0.
        entropy=np.abs((posterior * log_posterior).sum(axis=1)),
        votes=votes.class_counts().sum(axis=1),
        annotators=votes.annotators,
        annotator_votes=votes.annotator_counts(),
        skill=skill,
        confusion=confusion,
        iterations=iterations,
        converged=converged,
    )


def _decide(posterior: FloatArray) -> tuple[npt.NDArray[np.bool_], IntArray]:
    if posterior.shape[1] == 1:
        return np.zeros(len(posterior), np.bool_), np.zeros(len(posterior), np.int64)
    leading = np.partition(posterior, -2, axis=1)[:, -2:]
    tied = leading[:, 1] - leading[:, 0] <= TIE_WIDTH
    return tied, np.where(tied, -1, posterior.argmax(axis=1)).astype(np.int64)
