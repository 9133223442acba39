"""Soft labels against the likelihood they maximise."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from annotation.aggregation import MajorityVote, SoftLabel
from annotation.errors import AnnotationError
from annotation.testing import fill_votes, make_votes
from annotation.votes import VoteMatrix, build_vote_matrix

CLASSES = ("calm", "fear", "joy")


def strength_of(votes: VoteMatrix, posterior: np.ndarray) -> float:
    """Solve the posterior mean of the first entry that is no third for the strength."""
    counts = votes.class_counts()
    total = counts.sum(axis=1)
    row, column = np.argwhere(counts * 3 != total[:, None])[0]
    share = posterior[row, column]
    return float((counts[row, column] - share * total[row]) / (share - 1 / 3))


def test_the_strength_is_the_most_probable() -> None:
    """A direct search over the Dirichlet-multinomial likelihood finds the same strength."""
    votes = make_votes(CLASSES, clips=200, annotators=8, votes_per_clip=6, accuracy=0.6).matrix()
    counts = votes.class_counts()

    def surprise(log_strength: float) -> float:
        strength = np.exp(log_strength)
        rows = (gammaln(counts + strength / 3) - gammaln(strength / 3)).sum()
        total = counts.sum(axis=1)
        return -float(rows - (gammaln(total + strength) - gammaln(strength)).sum())

    best = np.exp(minimize_scalar(surprise, bounds=(-5, 5), method="bounded").x)
    consensus = SoftLabel(tolerance=1e-10).aggregate(votes)
    assert consensus.converged
    assert strength_of(votes, consensus.posterior) == pytest.approx(best, rel=1e-3)


def test_order_and_ties_are_the_majority_s() -> None:
    """Smoothing changes how sure one is, not of what."""
    votes = make_votes(CLASSES, clips=80, annotators=6, votes_per_clip=4, accuracy=0.5).matrix()
    soft, counted = SoftLabel().aggregate(votes), MajorityVote().aggregate(votes)
    np.testing.assert_array_equal(soft.labels, counted.labels)
    assert np.isnan(soft.skill).all()


def test_without_a_second_opinion_one_pseudo_vote_a_class_remains() -> None:
    """One vote a clip says nothing about how people differ."""
    rows = {"clip_id": list("abc"), "label": ["joy", "joy", "calm"]}
    consensus = SoftLabel().aggregate(build_vote_matrix(fill_votes(rows), CLASSES))
    assert consensus.posterior[0].tolist() == [0.25, 0.25, 0.5]


def test_a_bound_of_no_steps_is_refused() -> None:
    """The stopping rule must be evaluated at least once."""
    with pytest.raises(AnnotationError, match="`max_iterations` must be at least 1"):
        SoftLabel(max_iterations=0)
