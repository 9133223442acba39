"""How the posterior of a clip moved as its votes came and went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.special import entr

from annotation.aggregation.result import TIE_WIDTH, Consensus
from annotation.clips.expected_gain import average_confusion
from annotation.clips.explanation import PathStep
from annotation.clips.history import Event, Row, voter_of
from annotation.columns import FloatArray

VOTE_SHARES: Final = "vote_shares"
"""Name of the path that counts votes, there whatever the aggregators."""

_FLOOR: Final = 1e-300


def replay(
    name: str, classes: tuple[str, ...], events: Sequence[Event], found: Consensus | None
) -> list[PathStep]:
    """Return the posterior before any event and after each.

    Args:
        name: The aggregator's name, stored with each step.
        classes: C class names.
        events: The clip's rows in time.
        found: A consensus with confusion matrices, which weigh the votes; None counts them.
    """
    weights = _Weights(classes, found)
    evidence = weights.start
    steps = [_step(name, 0, {}, classes, weights.normalise(evidence))]
    for number, event in enumerate(events, start=1):
        for row, sign in event.changes:
            evidence = evidence + sign * row["count"] * weights.of(row)
        steps.append(_step(name, number, event.row, classes, weights.normalise(evidence)))
    return steps


class _Weights:
    """What one vote adds to the evidence for each class: a count, or log probabilities."""

    def __init__(self, classes: tuple[str, ...], found: Consensus | None) -> None:
        self._classes = classes
        self._confusion: dict[str, FloatArray] = {}
        self._average: FloatArray | None = None
        self.start = np.zeros(len(classes))
        if found is not None and found.confusion is not None:
            self._average = average_confusion(found)
            self._confusion = dict(zip(found.annotators, found.confusion, strict=True))
            self.start = np.log(np.maximum(found.posterior.mean(axis=0), _FLOOR))

    def of(self, row: Row) -> FloatArray:
        label = self._classes.index(row["label"])
        if self._average is None:
            return np.asarray(np.eye(len(self._classes))[label])
        voter = voter_of(row["annotator"], row["source"], row["modality"])
        confusion = self._confusion.get(voter, self._average)
        return np.asarray(np.log(np.maximum(confusion[:, label], _FLOOR)))

    def normalise(self, evidence: FloatArray) -> FloatArray:
        if self._average is not None:
            evidence = np.exp(evidence - evidence.max())
        total = evidence.sum()
        even = np.full(len(evidence), 1 / len(evidence))
        return np.asarray(evidence / total) if total > 0 else even


def _step(
    name: str, number: int, row: Row, classes: tuple[str, ...], posterior: FloatArray
) -> PathStep:
    leaders = np.flatnonzero(posterior >= posterior.max() - TIE_WIDTH)
    return PathStep(
        aggregator=name,
        step=number,
        vote_id=row.get("vote_id"),
        cast_at=row.get("cast_at"),
        annotator=row.get("annotator"),
        label=row.get("label"),
        posterior=tuple(posterior.tolist()),
        entropy=float(entr(posterior).sum()),
        leading=classes[leaders[0]] if len(leaders) == 1 else None,
    )
