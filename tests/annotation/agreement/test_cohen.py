"""Pairwise kappas against scikit-learn."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import cohen_kappa_score

from annotation.agreement import pairwise_kappa
from annotation.errors import AnnotationError
from annotation.testing import fill_votes, make_votes
from annotation.votes import VoteMatrix, build_vote_matrix

CLASSES = ("calm", "fear", "joy")


def draw() -> VoteMatrix:
    """Draw 120 clips answered by 4 of 6 annotators of unequal skill."""
    accuracy = (0.9, 0.8, 0.7, 0.6, 0.5, 0.34)
    return make_votes(
        CLASSES, clips=120, annotators=6, votes_per_clip=4, accuracy=accuracy
    ).matrix()


def test_kappas_equal_scikit_learns() -> None:
    """Every pair's kappa is sklearn's on the clips both judged."""
    votes = draw()
    answers = np.full((120, 6), -1)
    answers[votes.clip_index, votes.annotator_index] = votes.label_index
    found = pairwise_kappa(votes)
    assert len(found.kappa) == 15
    for row, (first, second) in enumerate(zip(found.first, found.second, strict=True)):
        both = (answers[:, first] >= 0) & (answers[:, second] >= 0)
        one, other = answers[both, first], answers[both, second]
        assert found.clips[row] == both.sum()
        assert found.agreement[row] == pytest.approx((one == other).mean())
        assert found.kappa[row] == pytest.approx(cohen_kappa_score(one, other))
    assert found.mean.value == pytest.approx(np.average(found.kappa, weights=found.clips))


def test_intervals_surround_the_kappas() -> None:
    """Resampled clips give every pair and the mean an interval, the mean's the narrowest."""
    found = pairwise_kappa(draw(), resamples=300)
    assert (found.low < found.kappa).all()
    assert (found.kappa < found.high).all()
    assert found.mean.low < found.mean.value < found.mean.high
    assert found.mean.high - found.mean.low < (found.high - found.low).min()


def test_pairs_of_few_clips_are_left_out() -> None:
    """A pair that shares fewer clips than asked is not reported."""
    votes = draw()
    most = int(pairwise_kappa(votes).clips.max())
    found = pairwise_kappa(votes, fewest_clips=most + 1, resamples=10)
    assert found.kappa.shape == found.low.shape == (0,)
    assert np.isnan(found.mean.value)


def test_anonymous_and_double_answers_are_left_out() -> None:
    """A pool is nobody to be paired, and two labels for a clip are no answer."""
    rows = {
        "clip_id": list("aabbaba"),
        "annotator": ["kim", "lee", "kim", "lee", "lee", None, None],
    }
    table = fill_votes(rows | {"label": ["joy", "joy", "calm", "calm", "fear", "joy", "joy"]})
    found = pairwise_kappa(build_vote_matrix(table, CLASSES), fewest_clips=1)
    assert found.clips.tolist() == [1]
    assert found.agreement.tolist() == [1.0]


def test_without_votes_there_are_no_pairs() -> None:
    """An empty table gives empty arrays; a wrong limit is refused."""
    empty = build_vote_matrix(fill_votes({"clip_id": []}), CLASSES)
    assert pairwise_kappa(empty, resamples=5).kappa.shape == (0,)
    with pytest.raises(AnnotationError, match="`fewest_clips` must be at least 1"):
        pairwise_kappa(empty, fewest_clips=0)


def test_repeated_rows_change_nothing() -> None:
    """A duplicated vote is the same answer."""
    table = make_votes(CLASSES, clips=40, annotators=3).table
    once = pairwise_kappa(build_vote_matrix(table, CLASSES))
    twice = pairwise_kappa(build_vote_matrix(pa.concat_tables([table, table]), CLASSES))
    np.testing.assert_array_equal(once.kappa, twice.kappa)
