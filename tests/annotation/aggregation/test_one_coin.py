"""One-coin Dawid-Skene against the bare formula and crowd-kit."""

import numpy as np
import pytest

from annotation.aggregation import OneCoinDawidSkene
from annotation.errors import AnnotationError
from annotation.testing import make_votes
from annotation.votes import VoteMatrix

CLASSES = ("calm", "fear", "joy")


def run_bare_em(votes: VoteMatrix, *, steps: int) -> np.ndarray:
    """Run EM by loops over votes and classes."""
    clips, annotators, classes = votes.shape
    cells = list(zip(votes.clip_index, votes.annotator_index, votes.label_index, strict=True))
    counts = votes.class_counts()
    posterior = counts / counts.sum(axis=1, keepdims=True)
    for _ in range(steps):
        hits, total = np.zeros(annotators), np.zeros(annotators)
        for n, a, k in cells:
            hits[a] += posterior[n, k]
            total[a] += 1
        skill = hits / total
        joint = np.tile(posterior.mean(axis=0), (clips, 1))
        for n, a, k in cells:
            for t in range(classes):
                joint[n, t] *= skill[a] if t == k else (1 - skill[a]) / (classes - 1)
        posterior = joint / joint.sum(axis=1, keepdims=True)
    return posterior


@pytest.mark.parametrize("steps", [1, 2, 25])
def test_posterior_equals_the_bare_formula(steps: int) -> None:
    """After any number of steps the posterior is what the loops compute."""
    votes = make_votes(CLASSES, clips=20, annotators=5, votes_per_clip=3, accuracy=0.7).matrix()
    ours = OneCoinDawidSkene(tolerance=0.0, max_iterations=steps).aggregate(votes)
    np.testing.assert_allclose(ours.posterior, run_bare_em(votes, steps=steps), atol=1e-8)


@pytest.mark.filterwarnings("ignore")
def test_posterior_equals_crowd_kit() -> None:
    """After as many steps, crowd-kit agrees."""
    pandas = pytest.importorskip("pandas")
    votes = make_votes(CLASSES, clips=100, annotators=8, votes_per_clip=5, accuracy=0.65).matrix()
    columns = (votes.clip_index, votes.annotator_index, votes.label_index)
    frame = pandas.DataFrame(dict(zip(("task", "worker", "label"), columns, strict=True)))
    library = pytest.importorskip("crowdkit.aggregation")
    reference = library.OneCoinDawidSkene(n_iter=10, tol=-1.0)
    expected = reference.fit_predict_proba(frame).sort_index().sort_index(axis=1).to_numpy()
    ours = OneCoinDawidSkene(tolerance=0.0, max_iterations=10).aggregate(votes)
    np.testing.assert_allclose(ours.posterior, expected, atol=1e-6)


def test_accuracy_is_recovered() -> None:
    """At 200 votes each, the estimated skills correlate with the true ones above .95."""
    accuracy = np.linspace(0.4, 0.95, 20)
    drawn = make_votes(
        CLASSES, clips=800, annotators=20, votes_per_clip=5, accuracy=accuracy.tolist()
    )
    skill = OneCoinDawidSkene().aggregate(drawn.matrix()).skill
    assert np.corrcoef(skill, accuracy)[0, 1] > 0.95
    np.testing.assert_allclose(skill, accuracy, atol=0.12)


def test_parameters_out_of_range_are_refused() -> None:
    """Negative pseudo-votes are refused."""
    with pytest.raises(AnnotationError, match="`smoothing` must be at least 0"):
        OneCoinDawidSkene(smoothing=-1.0)
