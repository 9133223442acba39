"""Majority vote: the posterior is the share of votes, and a tie stays a tie."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from annotation.aggregation.result import Consensus, conclude
from annotation.columns import FloatArray
from annotation.votes import VoteMatrix


@dataclass(frozen=True, slots=True)
class MajorityVote:
    """Counts every vote equally: posterior(n, c) = votes for c on n / votes on n.

    A clip whose leading classes have equally many votes gets no label. The skill of an annotator
    is the mean agreement of their votes with the votes of the *other* annotators on the same
    clips, so nobody is their own witness; it is NaN for one who never shared a clip, hence also
    for a pool of anonymous counts with no company.

    Example:
        >>> import pyarrow as pa
        >>> from annotation.votes import build_vote_matrix
        >>> rows = {"clip_id": list("aaabb"), "annotator": list("xyzxy")}
        >>> rows |= {"label": ["joy", "joy", "calm", "joy", "calm"], "count": [1] * 5}
        >>> rows |= {"modality": ["audio"] * 5, "source": ["demo"] * 5}
        >>> consensus = MajorityVote().aggregate(
        ...     build_vote_matrix(pa.table(rows), ["calm", "joy"])
        ... )
        >>> consensus.label_names()
        ['joy', None]
    """

    name: str = field(default="majority", init=False)
    takes_anonymous: ClassVar[bool] = True

    def aggregate(self, votes: VoteMatrix) -> Consensus:
        """Return vote shares, labels with explicit ties, and agreement with the others."""
        counts = votes.class_counts().astype(np.float64)
        posterior = counts / counts.sum(axis=1, keepdims=True)
        return conclude(votes, posterior, skill=_agreement_with_others(votes, counts))


def _agreement_with_others(votes: VoteMatrix, counts: FloatArray) -> FloatArray:
    """Return each annotator's mean share of others' votes that equal their own, (A,)."""
    annotators = len(votes.annotators)
    pair = votes.clip_index * annotators + votes.annotator_index
    own_pairs, position = np.unique(pair, return_inverse=True)
    own = np.bincount(position, weights=votes.count, minlength=len(own_pairs))[position]
    others = counts.sum(axis=1)[votes.clip_index] - own
    agreeing = counts[votes.clip_index, votes.label_index] - votes.count
    shared = others > 0
    rate = np.divide(agreeing, others, out=np.zeros_like(others), where=shared)
    who = votes.annotator_index
    total = np.bincount(who, weights=votes.count * shared, minlength=annotators)
    hits = np.bincount(who, weights=votes.count * rate, minlength=annotators)
    skill: FloatArray = np.divide(hits, total, out=np.full(annotators, np.nan), where=total > 0)
    return skill
