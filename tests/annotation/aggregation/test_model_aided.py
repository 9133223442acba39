"""What a model heard helps people's votes where it is right, and nowhere does it harm."""

import time
from functools import cache

import numpy as np
import pytest
from scipy.special import softmax

from annotation.aggregation import AGGREGATORS, Consensus
from annotation.aggregation.model_aided import ModelAided
from annotation.errors import AnnotationError, SamplingError, VoteError
from annotation.simulate import SimulatedAnnotators
from annotation.testing import fill_votes, make_votes
from annotation.votes import VoteMatrix, build_vote_matrix

CLASSES = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
CLIPS = 600
SEEDS = (0, 1, 2)


@cache
def simulate(seed: int, votes_per_clip: int) -> tuple[VoteMatrix, np.ndarray]:
    """Return votes of 60 listeners who err as those of CREMA-D do, and the truth."""
    truth = np.random.default_rng(seed).integers(len(CLASSES), size=CLIPS)
    people = SimulatedAnnotators.recruit(60, CLASSES, seed=seed)
    table = people.answer(
        [f"clip-{clip:04d}" for clip in range(CLIPS)],
        [CLASSES[of] for of in truth],
        votes_per_clip=votes_per_clip,
        taxonomy="testing",
    )
    return build_vote_matrix(table, CLASSES), truth


def listen(truth: np.ndarray, seed: int, *, signal: float = 1.5, sure: float = 1.5) -> np.ndarray:
    """Return the posterior of a model; calibrated if as sure as it has signal, else too sure."""
    heard = np.random.default_rng(seed + 100).standard_normal((len(truth), len(CLASSES)))
    heard[np.arange(len(truth)), truth] += signal
    return softmax(sure * heard, axis=1)


def accuracy(consensus: Consensus, truth: np.ndarray) -> float:
    """Return the share of clips that are labelled right, ties decided by lot."""
    return float(consensus.split_labels()[np.arange(len(truth)), truth].mean())


@cache
def people_alone(seed: int, votes_per_clip: int, name: str) -> float:
    """Return the accuracy of an aggregator that hears no model."""
    votes, truth = simulate(seed, votes_per_clip)
    return accuracy(AGGREGATORS[name]().aggregate(votes), truth)


def compare(votes_per_clip: int, **model: float) -> dict[str, float]:
    """Return the mean accuracy with the model, of people alone, and of the model alone."""
    rows = []
    for seed in SEEDS:
        votes, truth = simulate(seed, votes_per_clip)
        opinion = listen(truth, seed, **model)
        row = {"aided": accuracy(ModelAided(opinion=opinion).aggregate(votes), truth)}
        for name in ("dawid_skene", "hierarchical"):
            row[name] = people_alone(seed, votes_per_clip, name)
        rows.append({**row, "model": float((opinion.argmax(axis=1) == truth).mean())})
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def test_with_two_votes_a_model_is_worth_several_more() -> None:
    """It labels far more clips right than people alone, or the model alone."""
    found = compare(2)
    assert found["aided"] > found["dawid_skene"] + 0.15
    assert found["aided"] > found["hierarchical"] + 0.1
    assert found["aided"] > found["model"] + 0.2


def test_with_one_vote_a_calibrated_model_helps() -> None:
    """Nothing but its calibration tells people's errors from its own."""
    found = compare(1)
    assert found["aided"] > found["dawid_skene"] + 0.01
    assert found["aided"] > found["model"] + 0.1


@pytest.mark.parametrize("sure", [0.6, 4.5], ids=["too careful", "too sure"])
def test_how_sure_the_model_is_is_set_right_by_the_votes(sure: float) -> None:
    """Posteriors to the power of .4 or 3 help as much as calibrated ones, within 2 points."""
    assert compare(2, sure=sure)["aided"] > compare(2)["aided"] - 0.02


@pytest.mark.parametrize("votes_per_clip", [1, 2, 3])
@pytest.mark.parametrize("sure", [0.5, 3.0, 20.0])
def test_a_model_that_knows_nothing_does_no_harm(votes_per_clip: int, sure: float) -> None:
    """However sure it is of its noise, the votes are within a point of what they say alone."""
    found = compare(votes_per_clip, signal=0.0, sure=sure)
    assert found["aided"] > found["hierarchical"] - 0.01


def test_a_useless_model_is_trusted_in_nothing() -> None:
    """At trust 0 the opinion is no part of the posterior, to the last bit."""
    votes, truth = simulate(0, 2)
    useless = ModelAided(opinion=listen(truth, 0, signal=0.0, sure=3.0)).aggregate(votes)
    other = ModelAided(opinion=listen(truth, 7, signal=0.0, sure=3.0)).aggregate(votes)
    np.testing.assert_array_equal(useless.posterior, other.posterior)


def test_clips_may_come_in_any_order() -> None:
    """Renaming clips so that they sort the other way moves their rows and nothing else."""
    drawn = make_votes(CLASSES, clips=80, annotators=9, votes_per_clip=2, accuracy=0.6)
    names = np.array(drawn.clips)
    turned = dict(zip(drawn.clips, names[::-1], strict=True))
    column = drawn.table.schema.get_field_index("clip_id")
    renamed = drawn.table.set_column(
        column,
        drawn.table.schema.field(column),
        [[turned[name] for name in drawn.table["clip_id"].to_pylist()]],
    )
    opinion = listen(np.array([CLASSES.index(name) for name in drawn.truth]), 0)
    left = ModelAided(opinion=opinion).aggregate(drawn.matrix())
    right = ModelAided(opinion=opinion[::-1]).aggregate(build_vote_matrix(renamed, CLASSES))
    # Sums over clips run in another order, and some 100 steps of EM pass the last bits on.
    np.testing.assert_allclose(left.posterior, right.posterior[::-1], atol=1e-6)


def test_anonymous_votes_are_weighed_as_those_of_one_pool() -> None:
    """Counts without names meet the opinion as people's votes do."""
    rows = {"clip_id": ["a", "a", "b"], "label": ["joy", "calm", "joy"], "count": [1, 1, 5]}
    votes = build_vote_matrix(fill_votes(rows), ["calm", "joy"])
    found = ModelAided(opinion=np.array([[0.8, 0.2], [0.6, 0.4]])).aggregate(votes)
    assert found.label_names() == ["calm", "joy"]


def test_confusion_and_skill_are_of_every_annotator() -> None:
    """Rows of each matrix sum to 1, and skill is the share of right answers they imply."""
    votes, truth = simulate(0, 2)
    found = ModelAided(opinion=listen(truth, 0)).aggregate(votes)
    assert found.confusion is not None
    assert found.confusion.shape == (60, 8, 8)
    np.testing.assert_allclose(found.confusion.sum(axis=2), 1, atol=1e-12)
    shares = found.posterior.mean(axis=0)
    expected = [float(shares @ np.diag(own)) for own in found.confusion]
    np.testing.assert_allclose(found.skill, expected, atol=1e-12)
    assert found.converged


def test_a_class_nobody_chose_is_nobodys() -> None:
    """A model that is sure of it changes nothing else about the clip."""
    rows = {"clip_id": list("abc"), "label": ["joy", "calm", "joy"], "annotator": ["kim"] * 3}
    votes = build_vote_matrix(fill_votes(rows), ["calm", "joy", "awe"])
    opinion = np.array([[0.05, 0.05, 0.9]] * 3)
    found = ModelAided(opinion=opinion).aggregate(votes)
    assert found.label_names() == rows["label"]
    assert found.posterior[:, 2].max() < 1e-6


def test_the_opinion_is_left_alone() -> None:
    """It may be read-only, and is the same afterwards."""
    votes, truth = simulate(1, 1)
    opinion = listen(truth, 1)
    opinion.setflags(write=False)
    before = opinion.copy()
    ModelAided(opinion=opinion).aggregate(votes)
    np.testing.assert_array_equal(opinion, before)


def test_an_opinion_on_other_clips_is_refused() -> None:
    """The shape that is needed is named, and where its rows come from."""
    votes, truth = simulate(0, 1)
    for wrong in (listen(truth, 0)[:-1], np.full((CLIPS, 3), 1 / 3)):
        with pytest.raises(VoteError, match=r"`opinion` must be \(600, 8\).*`VoteMatrix.clips`"):
            ModelAided(opinion=wrong).aggregate(votes)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"opinion": np.ones((2, 2))}, SamplingError, "row 0 of `opinion` must be probabilities"),
        ({"smoothing": 0.0}, AnnotationError, "`smoothing` must be above 0"),
        ({"tolerance": -1.0}, AnnotationError, "`tolerance`"),
        ({"max_iterations": 0}, AnnotationError, "`max_iterations`"),
    ],
)
def test_what_is_no_opinion_or_never_ends_is_refused(
    given: dict[str, object], error: type[Exception], message: str
) -> None:
    """Before any vote is read."""
    with pytest.raises(error, match=message):
        ModelAided(**{"opinion": np.full((1, 2), 0.5), **given})  # type: ignore[arg-type]


def test_many_annotators_and_clips_take_a_moment() -> None:
    """10,000 clips with 3 of 500 annotators each take .1 s on one core; slower ones get 1 s."""
    drawn = make_votes(CLASSES, clips=10_000, annotators=500, votes_per_clip=3, accuracy=0.6)
    votes = drawn.matrix()
    model = ModelAided(opinion=listen(np.array([CLASSES.index(of) for of in drawn.truth]), 0))
    started = time.process_time()
    found = model.aggregate(votes)
    assert time.process_time() - started < 1
    assert found.converged
