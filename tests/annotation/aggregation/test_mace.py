"""MACE against the bare formula and crowd-kit, and on guessers it must find."""

import math

import numpy as np
import pytest
from scipy import stats
from scipy.special import digamma

from annotation.aggregation import Mace
from annotation.errors import AnnotationError
from annotation.testing import fill_votes, make_votes
from annotation.votes import VoteMatrix, build_vote_matrix

CLASSES = ("calm", "fear", "joy")


def run_bare_em(votes: VoteMatrix, *, steps: int) -> np.ndarray:
    """Run the paper's variational EM by loops over dense arrays of probabilities."""
    clips, annotators, classes = votes.shape
    cells = [
        (n, a, k)
        for n, a, k, count in zip(
            votes.clip_index, votes.annotator_index, votes.label_index, votes.count, strict=True
        )
        for _ in range(count)
    ]
    know = np.full(annotators, 0.5)
    blank = np.full(annotators, 0.5)
    strategy = np.full((annotators, classes), 1 / classes)
    for step in range(steps + 1):
        joint = np.ones((clips, classes))
        for n, a, k in cells:
            for t in range(classes):
                joint[n, t] *= know[a] * (k == t) + blank[a] * strategy[a, k]
        posterior = joint / joint.sum(axis=1, keepdims=True)
        if step == steps:
            break
        known, guessed = np.zeros(annotators), np.zeros((annotators, classes))
        for n, a, k in cells:
            chance = know[a] / (know[a] + blank[a] * strategy[a, k])
            known[a] += posterior[n, k] * chance
            guessed[a, k] += 1 - posterior[n, k] * chance
        total = known + guessed.sum(axis=1)
        know = np.exp(digamma(known + 0.5) - digamma(total + 1))
        blank = np.exp(digamma(guessed.sum(axis=1) + 0.5) - digamma(total + 1))
        mass = guessed.sum(axis=1, keepdims=True) + 10 * classes
        strategy = np.exp(digamma(guessed + 10) - digamma(mass))
    return posterior


@pytest.mark.parametrize("steps", [1, 3, 20])
def test_posterior_equals_the_bare_formula(steps: int) -> None:
    """After any number of steps the posterior is what the loops compute."""
    votes = make_votes(CLASSES, clips=15, annotators=4, votes_per_clip=3, accuracy=0.7).matrix()
    ours = Mace(tolerance=0.0, max_iterations=steps).aggregate(votes)
    np.testing.assert_allclose(ours.posterior, run_bare_em(votes, steps=steps), atol=1e-8)


def test_repeated_responses_enter_as_powers() -> None:
    """A count of five is five votes."""
    rows = {"clip_id": list("aabb"), "label": ["joy", "calm", "joy", "fear"], "count": [5, 2, 1, 3]}
    votes = build_vote_matrix(fill_votes(rows), CLASSES)
    ours = Mace(tolerance=0.0, max_iterations=4).aggregate(votes)
    np.testing.assert_allclose(ours.posterior, run_bare_em(votes, steps=4), atol=1e-8)


@pytest.mark.filterwarnings("ignore")
def test_posterior_equals_crowd_kit() -> None:
    """From crowd-kit's random start and after as many steps, crowd-kit agrees."""
    pandas = pytest.importorskip("pandas")
    votes = make_votes(CLASSES, clips=200, annotators=8, votes_per_clip=5, accuracy=0.7).matrix()
    columns = (votes.clip_index, votes.annotator_index, votes.label_index)
    frame = pandas.DataFrame(dict(zip(("task", "worker", "label"), columns, strict=True)))
    # crowd-kit numbers annotators by appearance here and by size there; sorted, they are equal.
    frame = frame.sort_values(["worker", "label"])
    reference = pytest.importorskip("crowdkit.aggregation").MACE(n_restarts=1, n_iter=25)
    expected = reference.fit_predict_proba(frame).sort_index().sort_index(axis=1).to_numpy()
    knowing = stats.uniform(1, 1.5).rvs(size=(8, 2), random_state=0)
    strategy = stats.uniform(1, 1.5).rvs(size=(8, 3), random_state=0)
    ours = Mace(tolerance=0.0, max_iterations=25).aggregate_from(
        votes,
        knowing=knowing / knowing.sum(axis=1, keepdims=True),
        strategy=strategy / strategy.sum(axis=1, keepdims=True),
    )
    np.testing.assert_allclose(ours.posterior, expected, atol=1e-6)


def test_competence_is_recovered() -> None:
    """At 200 votes each, the estimated competences correlate with the true ones above .95."""
    accuracy = np.linspace(0.35, 0.95, 20)
    drawn = make_votes(
        CLASSES, clips=800, annotators=20, votes_per_clip=5, accuracy=accuracy.tolist()
    )
    skill = Mace().aggregate(drawn.matrix()).skill
    assert np.corrcoef(skill, accuracy)[0, 1] > 0.95


@pytest.mark.parametrize(
    ("name", "value"), [("competence_prior", (0.0, 1.0)), ("strategy_prior", math.nan)]
)
def test_priors_out_of_range_are_refused(name: str, value: object) -> None:
    """A prior without mass is no distribution."""
    with pytest.raises(AnnotationError, match=f"`{name}` must be above 0"):
        Mace(**{name: value})
