"""Wawa: worker agreement with the aggregate, one round of weighing votes by agreement."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from annotation.aggregation.result import Consensus, conclude, split_leaders
from annotation.aggregation.sparse_votes import SparseVotes, sum_rows, vote_shares
from annotation.votes import VoteMatrix


@dataclass(frozen=True, slots=True)
class Wawa:
    """Weighs each vote by how often its annotator agrees with the majority.

    Skill is the share of an annotator's votes that equal the majority label, a tie of k classes
    counting 1/k; the posterior is the share of skill behind each class. It is the cheapest method
    that weighs people at all. Agreement with a majority one is part of is flattering, so skill is
    biased upwards where clips have few votes. A pool of anonymous counts weighs its votes by
    their mean agreement.

    Reference:
        Appen Limited (2021). Calculating worker agreement with aggregate (Wawa).

    Example:
        >>> from annotation.testing import fill_votes
        >>> from annotation.votes import build_vote_matrix
        >>> rows = {"clip_id": list("aaabb"), "annotator": list("xyzxz")}
        >>> table = fill_votes(rows | {"label": ["joy", "joy", "calm", "joy", "calm"]})
        >>> consensus = Wawa().aggregate(build_vote_matrix(table, ["calm", "joy"]))
        >>> consensus.label_names(), consensus.skill.tolist()
        (['joy', 'joy'], [0.75, 1.0, 0.25])
    """

    name: str = field(default="wawa", init=False)
    takes_anonymous: ClassVar[bool] = True

    def aggregate(self, votes: VoteMatrix) -> Consensus:
        """Return the shares of weighed votes, and agreement with the majority as skill."""
        sums = SparseVotes.of(votes)
        shares = vote_shares(sums)
        hits = sums.per_annotator(sums.hits(split_leaders(shares)))
        skill = hits / np.maximum(sums.per_annotator(sums.pair_votes), 1.0)
        weighed = sums.per_answer(skill[sums.pair_annotator])
        total = sum_rows(weighed)[:, None]
        # Where nobody ever agrees with a majority there is nothing to weigh by.
        posterior = np.divide(weighed, total, out=shares, where=total > 0)
        return conclude(votes, posterior, skill=skill)
