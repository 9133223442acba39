"""GLAD against the bare formula and crowd-kit, and on clips that are hard."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from annotation.aggregation import Glad
from annotation.aggregation.glad import _loss
from annotation.errors import AnnotationError, VoteError
from annotation.testing import fill_votes, make_votes
from annotation.votes import build_vote_matrix

CLASSES = ("calm", "fear", "joy")


def test_loss_and_gradient_equal_the_bare_formula() -> None:
    """The loss is the expected log likelihood with unit normal priors, by loops over classes."""
    votes = make_votes(CLASSES, clips=6, annotators=3, accuracy=0.7).matrix()
    rng = np.random.default_rng(0)
    posterior = rng.dirichlet(np.ones(3), 6)
    point = rng.normal(1, 0.5, 9)
    ability, easiness = point[:3], np.exp(point[3:])
    total = 0.0
    for n, a, k in zip(votes.clip_index, votes.annotator_index, votes.label_index, strict=True):
        right = 1 / (1 + np.exp(-ability[a] * easiness[n]))
        for t in range(3):
            total += posterior[n, t] * np.log(right if t == k else (1 - right) / 2)
    total += np.log(np.exp(-((point - 1) ** 2) / 2) / np.sqrt(2 * np.pi)).sum()
    is_right = posterior[votes.clip_index, votes.label_index]
    loss, gradient = _loss(votes, is_right, point)
    assert loss == pytest.approx(-total)
    slope = approx_fprime(point, lambda x: _loss(votes, is_right, x)[0], 1e-7)
    np.testing.assert_allclose(gradient, slope, atol=1e-4)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("rounds", [1, 2, 4])
def test_posterior_equals_crowd_kit(rounds: int) -> None:
    """After as many rounds of as many gradient steps, crowd-kit agrees."""
    pandas = pytest.importorskip("pandas")
    votes = make_votes(CLASSES, clips=60, annotators=8, votes_per_clip=5, accuracy=0.7).matrix()
    columns = (votes.clip_index, votes.annotator_index, votes.label_index)
    frame = pandas.DataFrame(dict(zip(("task", "worker", "label"), columns, strict=True)))
    reference = pytest.importorskip("crowdkit.aggregation").GLAD(n_iter=rounds, tol=-1.0)
    expected = reference.fit_predict_proba(frame).sort_index().sort_index(axis=1).to_numpy()
    ours = Glad(tolerance=0.0, max_iterations=rounds).aggregate(votes)
    np.testing.assert_allclose(ours.posterior, expected, atol=1e-6)


def test_ability_is_recovered() -> None:
    """At 200 votes each, the estimated skills correlate with the true ones above .95."""
    accuracy = np.linspace(0.4, 0.95, 20)
    drawn = make_votes(
        CLASSES, clips=800, annotators=20, votes_per_clip=5, accuracy=accuracy.tolist()
    )
    skill = Glad().aggregate(drawn.matrix()).skill
    assert np.corrcoef(skill, accuracy)[0, 1] > 0.95


def test_a_clip_people_split_on_is_harder() -> None:
    """Difficulty is higher where the same people disagree."""
    labels = ["joy"] * 6 + ["joy", "joy", "joy", "fear", "fear", "calm"]
    rows = {"clip_id": ["a"] * 6 + ["b"] * 6, "annotator": list("uvwxyz") * 2, "label": labels}
    consensus = Glad().aggregate(build_vote_matrix(fill_votes(rows), CLASSES))
    assert consensus.difficulty is not None
    assert consensus.difficulty[1] > consensus.difficulty[0]


def test_pools_are_refused_with_the_reason() -> None:
    """A pool of anonymous counts has no ability, and what to use instead is named."""
    votes = build_vote_matrix(fill_votes({"clip_id": ["a"], "label": ["joy"]}), CLASSES)
    with pytest.raises(VoteError, match=r"follow no ability.*use dawid_skene, one_coin, mace"):
        Glad().aggregate(votes)


@pytest.mark.parametrize("name", ["gradient_steps", "gradient_tolerance", "max_iterations"])
def test_parameters_out_of_range_are_refused(name: str) -> None:
    """An M-step that cannot move is refused."""
    with pytest.raises(AnnotationError, match=f"`{name}` must be"):
        Glad(**{name: 0})
