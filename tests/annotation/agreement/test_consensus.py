"""Consensus against a known answer: accuracy, ties told apart, and log loss."""

import numpy as np
import pytest

from annotation.aggregation import MajorityVote, SoftLabel
from annotation.aggregation.result import Consensus
from annotation.agreement import agreement_of_consensus, agreement_with_reference, people_per_class
from annotation.errors import AnnotationError, VoteError
from annotation.testing import fill_votes, make_votes
from annotation.votes import VoteMatrix, build_vote_matrix

CLASSES = ("anger", "calm", "joy")


def make_matrix(answers: dict[str, str]) -> VoteMatrix:
    """Return votes of people called after their position; each letter is a class's initial."""
    names = {name[0]: name for name in CLASSES}
    rows = [(clip, names[letter]) for clip, given in answers.items() for letter in given]
    people = [str(place) for given in answers.values() for place in range(len(given))]
    columns = dict(zip(("clip_id", "label"), map(list, zip(*rows, strict=True)), strict=True))
    return build_vote_matrix(fill_votes(columns | {"annotator": people}), CLASSES)


def decide(answers: dict[str, str]) -> Consensus:
    """Return the majority of the votes."""
    return MajorityVote().aggregate(make_matrix(answers))


def test_ties_are_a_miss_a_share_or_left_out() -> None:
    """Of a right, a wrong, a two-way tie with and one without the answer, and an unknown clip."""
    consensus = decide({"a": "jj", "b": "cc", "c": "jc", "d": "ac", "e": "jj"})
    found = agreement_of_consensus(consensus, np.array([2, 2, 2, 2, -1]), resamples=0)
    assert found.accuracy.value == 1 / 4
    assert found.split.value == (1 + 0 + 1 / 2 + 0) / 4
    assert found.decided.value == 1 / 2
    assert found.tied == 2 / 4
    assert (found.accuracy.clips, found.accuracy.votes, found.decided.clips) == (4, 8, 2)


def test_log_loss_is_the_mean_surprise() -> None:
    """It is what the definition says, and infinite where the answer was ruled out."""
    consensus = decide({"a": "jjjc", "b": "jc"})
    found = agreement_of_consensus(consensus, np.array([2, 1]), resamples=0)
    assert found.log_loss == pytest.approx(-(np.log(3 / 4) + np.log(1 / 2)) / 2)
    assert agreement_of_consensus(consensus, np.array([0, 1]), resamples=0).log_loss == np.inf
    soft = SoftLabel().aggregate(make_matrix({"a": "jjjc", "b": "jc"}))
    assert np.isfinite(agreement_of_consensus(soft, np.array([0, 1]), resamples=0).log_loss)


def test_a_majority_is_what_the_counts_say() -> None:
    """Two ways to the same figures, interval and all."""
    votes = make_votes(CLASSES, clips=80, annotators=4, accuracy=0.6)
    matrix = votes.matrix()
    truth = np.array([CLASSES.index(name) for name in votes.truth])
    found = agreement_of_consensus(MajorityVote().aggregate(matrix), truth, resamples=100)
    counted = agreement_with_reference(people_per_class(matrix), truth, resamples=100)
    assert found.tied == counted.ties / 80 > 0
    assert found.split.value == pytest.approx(counted.majority_split.value)
    for name in ("value", "low", "high", "clips", "votes"):
        assert getattr(found.accuracy, name) == getattr(counted.majority, name)
    assert found.accuracy.low < found.accuracy.value < found.accuracy.high


NO_VOTES = build_vote_matrix(fill_votes({"clip_id": []}), CLASSES)
UNDEFINED = {
    "no answers": (decide({"a": "jj"}), np.array([-1])),
    "no clips": (MajorityVote().aggregate(NO_VOTES), np.zeros(0, np.int64)),
}


@pytest.mark.parametrize(("consensus", "truth"), UNDEFINED.values(), ids=UNDEFINED)
def test_without_a_known_answer_nothing_is_defined(consensus: Consensus, truth: np.ndarray) -> None:
    """There is no share of nothing."""
    found = agreement_of_consensus(consensus, truth)
    values = [found.accuracy.value, found.split.value, found.decided.value]
    assert np.isnan([*values, found.tied, found.log_loss]).all()
    assert found.accuracy.clips == 0


def test_only_ties_leave_nothing_decided() -> None:
    """Where all tie, nothing is right, chance gets its share, and no clip was decided."""
    found = agreement_of_consensus(decide({"a": "jc", "b": "ac"}), np.array([2, 1]), resamples=0)
    assert (found.accuracy.value, found.split.value, found.tied) == (0, 0.5, 1)
    assert np.isnan(found.decided.value)


def test_bad_input_is_refused() -> None:
    """An answer outside the classes and a coverage of everything are named."""
    consensus = decide({"a": "jj"})
    with pytest.raises(VoteError, match="`reference` must hold 1 class indices from -1 to 2"):
        agreement_of_consensus(consensus, np.array([3]))
    with pytest.raises(AnnotationError, match="`level` must lie within"):
        agreement_of_consensus(consensus, np.array([1]), level=1.0)
