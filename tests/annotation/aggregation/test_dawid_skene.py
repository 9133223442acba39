"""Dawid-Skene against the bare formula, against crowd-kit, and on annotators it must unmask."""

import math

import numpy as np
import pytest

from annotation.aggregation import DawidSkene, MajorityVote
from annotation.errors import AnnotationError
from annotation.testing import fill_votes, make_votes
from annotation.votes import VoteMatrix, build_vote_matrix

CLASSES = ("calm", "fear", "joy")


def run_bare_em(votes: VoteMatrix, *, smoothing: float, steps: int) -> list[list[float]]:
    """Run EM as the paper writes it: nested loops over probabilities, no arrays, no logs."""
    clips, annotators, classes = (range(size) for size in votes.shape)
    cells = list(
        zip(votes.clip_index, votes.annotator_index, votes.label_index, votes.count, strict=True)
    )
    shares = votes.class_counts().tolist()
    posterior = [[value / sum(row) for value in row] for row in shares]
    for _ in range(steps):
        prior = [sum(row[t] for row in posterior) / len(posterior) for t in classes]
        weight = [[[0.0 for _ in classes] for _ in classes] for _ in annotators]
        for n, a, label, count in cells:
            for t in classes:
                weight[a][t][label] += posterior[n][t] * count
        pooled = [[sum(matrix[t][k] for matrix in weight) for k in classes] for t in classes]
        for matrix in weight:
            for t in classes:
                for k in classes:
                    matrix[t][k] += smoothing * pooled[t][k] / sum(pooled[t])
        confusion = [[[w / sum(row) for w in row] for row in matrix] for matrix in weight]
        joint = [list(prior) for _ in clips]
        for n, a, label, count in cells:
            for t in classes:
                joint[n][t] *= confusion[a][t][label] ** count
        posterior = [[value / math.fsum(row) for value in row] for row in joint]
    return posterior


@pytest.mark.parametrize("smoothing", [0.0, 1.0, 3.5])
@pytest.mark.parametrize("steps", [1, 2, 25])
def test_posterior_equals_the_bare_formula(steps: int, smoothing: float) -> None:
    """After any number of steps the posterior is what the textbook loops compute."""
    drawn = make_votes(CLASSES, clips=12, annotators=4, votes_per_clip=3, accuracy=0.7, seed=3)
    votes = drawn.matrix()
    model = DawidSkene(smoothing=smoothing, tolerance=0.0, max_iterations=steps)
    expected = run_bare_em(votes, smoothing=smoothing, steps=steps)
    # Ours adds a billionth of a vote per cell and rounds to 12 decimals.
    np.testing.assert_allclose(model.aggregate(votes).posterior, expected, atol=1e-6)


def test_repeated_responses_enter_as_powers() -> None:
    """A pool of anonymous counts follows the bare formula with each probability to its count."""
    rows = {"clip_id": list("aabbcc"), "label": ["joy", "calm", "joy", "fear", "calm", "fear"]}
    votes = build_vote_matrix(fill_votes(rows | {"count": [5, 2, 4, 1, 6, 1]}), CLASSES)
    estimate = DawidSkene(smoothing=0.1, tolerance=0.0, max_iterations=5).aggregate(votes)
    expected = run_bare_em(votes, smoothing=0.1, steps=5)
    np.testing.assert_allclose(estimate.posterior, expected, atol=1e-6)


def test_posterior_equals_crowd_kit() -> None:
    """Without smoothing and with the same number of steps, crowd-kit agrees."""
    pandas = pytest.importorskip("pandas")
    reference = pytest.importorskip("crowdkit.aggregation").DawidSkene(n_iter=30, tol=0.0)
    drawn = make_votes(CLASSES, clips=150, annotators=8, votes_per_clip=5, accuracy=0.65)
    columns = {"task": "clip_id", "worker": "annotator", "label": "label"}
    frame = pandas.DataFrame({new: drawn.table[old].to_pylist() for new, old in columns.items()})
    expected = reference.fit_predict_proba(frame)
    ours = DawidSkene(smoothing=0.0, tolerance=0.0, max_iterations=30).aggregate(drawn.matrix())
    aligned = expected.loc[list(ours.items), list(CLASSES)].to_numpy()
    # crowd-kit clips at 1e-10 where we add 1e-9, and rounds nowhere.
    np.testing.assert_allclose(ours.posterior, aligned, atol=1e-6)


def test_spammers_are_unmasked() -> None:
    """Where four of seven annotators guess, weighing them beats counting them."""
    drawn = make_votes(CLASSES, clips=600, annotators=7, accuracy=(0.9,) * 3 + (1 / 3,) * 4)
    weighed = DawidSkene().aggregate(drawn.matrix())
    counted = MajorityVote().aggregate(drawn.matrix())
    hits = [
        sum(map(str.__eq__, drawn.truth, map(str, c.label_names()))) for c in (weighed, counted)
    ]
    assert hits[0] > hits[1] + 60
    np.testing.assert_allclose(weighed.skill, drawn.accuracy, atol=0.08)


def test_confusion_is_recovered() -> None:
    """An annotator's estimated confusion has truth on rows and errors where they were made."""
    drawn = make_votes(CLASSES, clips=3000, annotators=4, accuracy=(0.9, 0.8, 0.7, 0.6))
    confusion = DawidSkene().aggregate(drawn.matrix()).confusion
    assert confusion is not None
    np.testing.assert_allclose(confusion.sum(axis=2), 1, atol=1e-12)
    for matrix, accuracy in zip(confusion, drawn.accuracy, strict=True):
        expected = np.full((3, 3), (1 - accuracy) / 2) + np.eye(3) * (1.5 * accuracy - 0.5)
        # Three standard errors of a share among a thousand votes, and the EM's own error.
        np.testing.assert_allclose(matrix, expected, atol=0.06)


def test_pooling_helps_annotators_with_few_votes() -> None:
    """With 15 votes each, an average person's confusion beats each one's own estimate."""
    hits = {0.0: 0, 1.0: 0}
    for seed in range(6):
        skill = np.clip(np.random.default_rng(seed).normal(0.7, 0.15, 40), 0.2, 0.98)
        drawn = make_votes(
            (*CLASSES, "rage"),
            clips=200,
            annotators=40,
            votes_per_clip=3,
            accuracy=skill.tolist(),
            seed=seed,
        )
        for smoothing in hits:
            consensus = DawidSkene(smoothing=smoothing).aggregate(drawn.matrix())
            names = map(str, consensus.label_names())
            hits[smoothing] += sum(map(str.__eq__, names, drawn.truth))
    assert hits[1.0] > hits[0.0] + 20


def test_hitting_the_bound_is_reported() -> None:
    """A run that was cut short says so."""
    votes = make_votes(CLASSES, accuracy=0.5).matrix()
    consensus = DawidSkene(max_iterations=2, tolerance=0.0).aggregate(votes)
    assert (consensus.iterations, consensus.converged) == (2, False)


def test_converged_means_a_fixed_point() -> None:
    """One more step from a converged result moves no posterior beyond the tolerance."""
    votes = make_votes(CLASSES, clips=80, accuracy=0.6).matrix()
    done = DawidSkene(tolerance=1e-6).aggregate(votes)
    further = DawidSkene(tolerance=0.0, max_iterations=done.iterations + 1).aggregate(votes)
    assert done.converged
    np.testing.assert_allclose(done.posterior, further.posterior, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "value"),
    [("smoothing", -0.1), ("tolerance", -1e-9), ("max_iterations", 0), ("smoothing", math.nan)],
)
def test_parameters_out_of_range_are_refused(name: str, value: float) -> None:
    """EM without smoothing, or without steps, is undefined."""
    with pytest.raises(AnnotationError, match=f"`{name}` must be"):
        DawidSkene(**{name: value})


def test_thousands_of_annotators_fit_in_memory() -> None:
    """State grows as annotators × classes², not as clips × annotators."""
    votes = make_votes(CLASSES, clips=5000, annotators=3000, votes_per_clip=3).matrix()
    consensus = DawidSkene(max_iterations=3).aggregate(votes)
    assert consensus.confusion is not None
    assert len(votes.annotators) > 2900
    assert consensus.confusion.shape == (len(votes.annotators), 3, 3)


@pytest.mark.parametrize("smoothing", [0.0, 1.0])
@pytest.mark.parametrize("named", [True, False], ids=["named", "anonymous"])
def test_one_vote_a_clip_is_left_as_it_is(smoothing: float, named: bool) -> None:
    """Where the likelihood is flat, EM does not drift to the commonest label."""
    labels = ["joy"] * 900 + ["calm"] * 98 + ["fear"] * 2
    rows = {"clip_id": [f"clip-{row:04d}" for row in range(1000)], "label": labels}
    table = fill_votes(rows | ({"annotator": ["kim"] * 1000} if named else {}))
    consensus = DawidSkene(smoothing=smoothing).aggregate(build_vote_matrix(table, CLASSES))
    assert consensus.label_names() == labels
