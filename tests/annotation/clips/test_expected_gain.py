"""What one more vote is worth is an average over what it may say."""

import numpy as np
import pytest
from scipy.special import entr

from annotation.aggregation import DawidSkene, MajorityVote
from annotation.clips import (
    average_confusion,
    expected_gain,
    gain_by_annotator,
    gain_of_one_more_vote,
)
from annotation.errors import SamplingError, VoteError
from annotation.simulate import SimulatedAnnotators
from annotation.testing import fill_votes, make_votes
from annotation.votes import build_vote_matrix

CLASSES = ("anger", "calm", "fear", "joy")
RNG = np.random.default_rng(0)
POSTERIOR = RNG.dirichlet([0.4] * 4, 50)
GROUP = SimulatedAnnotators.recruit(5, CLASSES, seed=2)


def bare(posterior: np.ndarray, confusion: np.ndarray, loss) -> list[float]:
    """Average the loss after each possible answer, clip by clip, answer by answer."""
    gains = []
    for q in posterior:
        after = 0.0
        for answer in range(len(q)):
            joint = q * confusion[:, answer]
            after += joint.sum() * loss(joint / joint.sum())
        gains.append(loss(q) - after)
    return gains


@pytest.mark.parametrize(
    ("measure", "loss"),
    [("entropy", lambda q: entr(q).sum()), ("error", lambda q: 1 - q.max())],
    ids=["entropy", "error"],
)
def test_the_closed_form_is_the_average_over_answers(measure, loss) -> None:
    """The bare definition, written out in loops, gives the same numbers."""
    found = expected_gain(POSTERIOR, GROUP.confusion[0], measure=measure)
    assert found == pytest.approx(bare(POSTERIOR, GROUP.confusion[0], loss), abs=1e-12)


@pytest.mark.parametrize("measure", ["entropy", "error"])
def test_a_spammer_is_worth_nothing_and_an_oracle_everything(measure) -> None:
    """Between guessing and knowing lies every annotator."""
    spam = np.tile([0.4, 0.3, 0.2, 0.1], (4, 1))
    oracle = expected_gain(POSTERIOR, np.eye(4), measure=measure)
    some = expected_gain(POSTERIOR, GROUP.confusion[0], measure=measure)
    assert np.allclose(expected_gain(POSTERIOR, spam, measure=measure), 0)
    whole = entr(POSTERIOR).sum(axis=1) if measure == "entropy" else 1 - POSTERIOR.max(axis=1)
    assert oracle == pytest.approx(whole)
    assert (some <= oracle + 1e-12).all()


def test_a_certain_clip_needs_nobody() -> None:
    """No answer moves a posterior of one, and the gain is not below zero by rounding."""
    assert expected_gain(np.eye(4), GROUP.confusion[0]).tolist() == [0.0] * 4


def test_annotators_are_compared_clip_by_clip() -> None:
    """Each column is that annotator's own gain."""
    gains = gain_by_annotator(POSTERIOR, GROUP.confusion)
    assert gains.shape == (50, 5)
    assert np.array_equal(gains[:, 3], expected_gain(POSTERIOR, GROUP.confusion[3]))
    assert gain_by_annotator(POSTERIOR, np.zeros((0, 4, 4))).shape == (50, 0)


def test_the_gain_comes_true_on_average() -> None:
    """The entropy that votes of the model really remove is the entropy they were expected to."""
    rng = np.random.default_rng(5)
    posterior = np.repeat(rng.dirichlet([0.5] * 4, 20), 2000, axis=0)
    confusion = GROUP.confusion[1]
    truth = (posterior.cumsum(axis=1) < rng.random((len(posterior), 1))).sum(axis=1)
    steps = confusion[truth].cumsum(axis=1)
    answer = (steps[:, :-1] < rng.random((len(posterior), 1))).sum(axis=1)
    after = posterior * confusion[:, answer].T
    after /= after.sum(axis=1, keepdims=True)
    removed = (entr(posterior) - entr(after)).sum(axis=1)
    assert removed.mean() == pytest.approx(expected_gain(posterior, confusion).mean(), abs=0.01)


def test_a_consensus_knows_its_annotators() -> None:
    """By default an average vote is expected; a better annotator is worth more."""
    skills = [0.95, 0.9, 0.8, 0.6, 0.5, 0.4]
    votes = make_votes(CLASSES, clips=200, annotators=6, accuracy=skills, votes_per_clip=3)
    consensus = DawidSkene().aggregate(votes.matrix())
    average = expected_gain(consensus.posterior, average_confusion(consensus))
    best = gain_of_one_more_vote(consensus, annotator="annotator-000")
    worst = gain_of_one_more_vote(consensus, annotator="annotator-005")
    assert np.array_equal(gain_of_one_more_vote(consensus), average)
    assert best.mean() > average.mean() > worst.mean()


def test_what_cannot_be_known_is_refused() -> None:
    """Without confusions nobody can say what the next answer would be."""
    votes = make_votes(CLASSES, clips=10).matrix()
    with pytest.raises(VoteError, match=r"has no `confusion`.*aggregate with `dawid_skene`"):
        gain_of_one_more_vote(MajorityVote().aggregate(votes))
    with pytest.raises(VoteError, match="`annotator` `eve` cast none"):
        gain_of_one_more_vote(DawidSkene().aggregate(votes), annotator="eve")
    with pytest.raises(VoteError, match=r"must be \(4, 4\) with rows of probabilities"):
        expected_gain(POSTERIOR, np.ones((4, 4)))
    with pytest.raises(SamplingError, match="must be probabilities"):
        expected_gain(POSTERIOR * 2, np.eye(4))


def test_without_votes_there_is_no_average_annotator() -> None:
    """An empty consensus says nothing of anybody."""
    empty = DawidSkene().aggregate(build_vote_matrix(fill_votes({"clip_id": []}), CLASSES))
    with pytest.raises(VoteError, match="no average annotator"):
        average_confusion(empty)
