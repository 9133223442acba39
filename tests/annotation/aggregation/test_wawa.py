"""Wawa against counting by hand and against crowd-kit's parts."""

import numpy as np
import pytest

from annotation.aggregation import Wawa
from annotation.testing import fill_votes, make_votes
from annotation.votes import build_vote_matrix

CLASSES = ("calm", "fear", "joy")


def test_a_tied_majority_counts_in_part() -> None:
    """Agreeing with one of two leaders is half an agreement."""
    rows = {"clip_id": ["a", "a"], "annotator": ["kim", "lee"], "label": ["joy", "calm"]}
    consensus = Wawa().aggregate(build_vote_matrix(fill_votes(rows), CLASSES))
    assert consensus.skill.tolist() == [0.5, 0.5]
    assert consensus.label_names() == [None]


@pytest.mark.filterwarnings("ignore")
def test_posterior_equals_crowd_kit() -> None:
    """Without tied majorities, crowd-kit weighs the same (its Wawa's two steps by hand)."""
    pandas = pytest.importorskip("pandas")
    library = pytest.importorskip("crowdkit.aggregation")
    votes = make_votes(CLASSES, clips=300, annotators=9, votes_per_clip=5, accuracy=0.6).matrix()
    counts = np.sort(votes.class_counts(), axis=1)
    kept = (counts[:, -1] > counts[:, -2])[votes.clip_index]
    columns = (votes.clip_index, votes.annotator_index, votes.label_index)
    names = dict(zip(("task", "worker", "label"), (c[kept] for c in columns), strict=True))
    frame = pandas.DataFrame(names)
    skills = library.Wawa().fit(frame).skills_
    expected = library.MajorityVote().fit_predict_proba(frame, skills).sort_index()
    text = {
        "clip_id": [f"{n:04d}" for n in names["task"]],
        "annotator": [str(a) for a in names["worker"]],
        "label": [CLASSES[k] for k in names["label"]],
    }
    ours = Wawa().aggregate(build_vote_matrix(fill_votes(text), CLASSES))
    np.testing.assert_allclose(ours.posterior, expected.sort_index(axis=1).to_numpy(), atol=1e-9)


def test_who_never_agrees_has_no_say() -> None:
    """Where no annotator agrees with a majority, the vote shares remain."""
    rows = {"clip_id": list("aaabbb"), "annotator": list("kkkkkk")}
    table = fill_votes(rows | {"label": ["joy", "joy", "calm"] * 2})
    consensus = Wawa().aggregate(build_vote_matrix(table, CLASSES))
    assert consensus.label_names() == ["joy", "joy"]
