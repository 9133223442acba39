"""A vote's reference holds what everybody else says, and not the vote."""

import numpy as np
import pytest

from annotation.aggregation import DawidSkene, MajorityVote
from annotation.annotators import build_judgements
from annotation.errors import VoteError
from annotation.testing import fill_votes, make_votes
from annotation.votes import build_vote_matrix

CLASSES = ("calm", "fear", "joy")


def test_the_reference_of_a_majority_is_the_share_of_the_others() -> None:
    """One vote is subtracted, exactly."""
    rows = {"clip_id": ["a"] * 3 + ["b"], "annotator": ["kim", "lee", "may", "kim"]}
    table = fill_votes(rows | {"label": ["joy", "joy", "calm", "fear"]})
    consensus = MajorityVote().aggregate(build_vote_matrix(table, CLASSES))
    found = build_judgements(table, consensus)
    assert found.reference[0].tolist() == [0.5, 0.0, 0.5]
    assert np.isnan(found.reference[1]).all()
    assert found.reference[3].tolist() == [0.0, 0.0, 1.0]


def test_the_reference_of_dawid_skene_divides_the_vote_out() -> None:
    """Prior times the other votes' factors, from the consensus's own matrices."""
    drawn = make_votes(CLASSES, clips=80, annotators=4, accuracy=0.8)
    consensus = DawidSkene().aggregate(drawn.matrix())
    found = build_judgements(drawn.table, consensus)
    assert consensus.confusion is not None
    for row in range(0, 320, 37):
        clip = found.clip_index[row]
        factor = consensus.confusion[found.annotator_index[row], :, found.label_index[row]]
        back = found.reference[row] * factor
        np.testing.assert_allclose(back / back.sum(), consensus.posterior[clip], atol=1e-9)


def test_judgements_are_sorted_by_annotator_and_time() -> None:
    """Whoever voted when, rows come by annotator, then time, unknown times last."""
    rows = {"clip_id": list("abca"), "annotator": ["lee", "lee", "lee", "kim"]}
    rows |= {"label": ["joy"] * 4, "cast_at": [3_000_000, None, 1_000_000, 2_000_000]}
    table = fill_votes(rows)
    consensus = MajorityVote().aggregate(build_vote_matrix(table, CLASSES))
    found = build_judgements(table, consensus)
    assert found.annotator_index.tolist() == [0, 1, 1, 1]
    np.testing.assert_array_equal(found.cast_at_s, [2.0, 1.0, 3.0, np.nan])


def test_unknown_labels_and_columns_are_refused() -> None:
    """A label the consensus lacks and a table without labels are named."""
    table = fill_votes({"clip_id": ["a"], "annotator": ["kim"], "label": ["joy"]})
    consensus = MajorityVote().aggregate(build_vote_matrix(table, CLASSES))
    other = fill_votes({"clip_id": ["a"], "annotator": ["kim"], "label": ["rage"]})
    with pytest.raises(VoteError, match="`label` `rage` is none of the consensus's classes"):
        build_judgements(other, consensus)
    with pytest.raises(VoteError, match=r"`votes` lacks \['label'\]"):
        build_judgements(table.drop_columns(["label"]), consensus)
