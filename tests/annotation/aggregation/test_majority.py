"""Majority vote against counting by hand and against crowd-kit."""

import numpy as np
import pytest

from annotation.aggregation import MajorityVote
from annotation.testing import fill_votes, make_votes
from annotation.votes import build_vote_matrix

CLASSES = ("calm", "fear", "joy")


def test_posterior_is_the_share_of_votes() -> None:
    """Three votes of four give three quarters, and the majority its label."""
    rows = {"clip_id": ["a"] * 2, "label": ["joy", "calm"], "count": [3, 1]}
    consensus = MajorityVote().aggregate(build_vote_matrix(fill_votes(rows), CLASSES))
    assert consensus.posterior.tolist() == [[0.25, 0.0, 0.75]]
    assert consensus.label_names() == ["joy"]
    assert consensus.entropy[0] == pytest.approx(-0.25 * np.log(0.25) - 0.75 * np.log(0.75))


def test_skill_is_agreement_with_the_others() -> None:
    """Nobody witnesses for themselves: skill counts the other annotators' votes only."""
    rows = {"clip_id": ["a"] * 3 + ["b"], "annotator": ["kim", "lee", "may", "noa"]}
    table = fill_votes(rows | {"label": ["joy", "joy", "calm", "joy"]})
    skill = MajorityVote().aggregate(build_vote_matrix(table, CLASSES)).skill
    np.testing.assert_array_equal(skill, [0.5, 0.5, 0.0, np.nan])


def test_labels_equal_crowd_kit() -> None:
    """On clips without a tie, crowd-kit's majority vote gives the same labels."""
    pandas = pytest.importorskip("pandas")
    reference = pytest.importorskip("crowdkit.aggregation").MajorityVote()
    votes = make_votes(CLASSES, clips=200, annotators=9, votes_per_clip=5, accuracy=0.6)
    consensus = MajorityVote().aggregate(votes.matrix())
    columns = {"task": "clip_id", "worker": "annotator", "label": "label"}
    frame = pandas.DataFrame({new: votes.table[old].to_pylist() for new, old in columns.items()})
    expected = reference.fit_predict(frame)
    pairs = zip(consensus.items, consensus.label_names(), strict=True)
    decided = [(clip, label) for clip, label in pairs if label is not None]
    assert 150 < len(decided) < 200
    assert all(expected[clip] == label for clip, label in decided)
