"""Each annotator against the others, by going through their votes."""

import numpy as np
import pytest

from annotation.agreement import agreement_with_others
from annotation.testing import fill_votes, make_votes
from annotation.votes import build_vote_matrix

CLASSES = ("calm", "fear", "joy")


def test_shares_equal_going_through_the_votes() -> None:
    """The mean share of others who agree, and its kappa, vote by vote."""
    votes = make_votes(CLASSES, clips=60, annotators=5, votes_per_clip=3, accuracy=0.6).matrix()
    answers = np.full((60, 5), -1)
    answers[votes.clip_index, votes.annotator_index] = votes.label_index
    for index, row in enumerate(agreement_with_others(votes, resamples=50)):
        own, mixes = [], []
        for clip in np.flatnonzero(answers[:, index] >= 0):
            others = np.delete(answers[clip], index)
            others = others[others >= 0]
            own.append(np.eye(3)[answers[clip, index]])
            mixes.append(np.bincount(others, minlength=3) / len(others))
        share = np.mean([mix @ mine for mine, mix in zip(own, mixes, strict=True)])
        chance = np.mean(own, axis=0) @ np.mean(mixes, axis=0)
        assert row.share.value == pytest.approx(share)
        assert row.kappa.value == pytest.approx((share - chance) / (1 - chance))
        assert row.share.low < share < row.share.high


def test_pools_are_others_without_a_row() -> None:
    """Anonymous votes are compared with, never reported; a lone voter has no row."""
    rows = {"clip_id": ["a", "a", "b"], "annotator": ["kim", None, "lee"], "count": [1, 3, 1]}
    votes = build_vote_matrix(fill_votes(rows | {"label": ["joy", "joy", "joy"]}), CLASSES)
    found = agreement_with_others(votes)
    assert [row.annotator for row in found] == ["kim"]
    assert found[0].share.value == 1.0


def test_without_votes_there_are_no_rows() -> None:
    """An empty table is nobody."""
    empty = build_vote_matrix(fill_votes({"clip_id": []}), CLASSES)
    assert agreement_with_others(empty) == []
