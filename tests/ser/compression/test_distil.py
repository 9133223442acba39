"""What a student aims at: its teacher and its labels, from a teacher that never heard the clip."""

import numpy as np
import pytest

from ser.compression.choice import Distillation
from ser.compression.distil import (
    STUDENTS,
    average_teachers,
    find_student,
    judge_by_others,
    set_aims,
    soften,
)
from ser.errors import ConfigurationError
from ser.metrics.posteriors import one_hot
from ser.models.build import build_network, count_parameters

RNG = np.random.default_rng(0)
N = 60
LABELS = np.tile(np.arange(3), N // 3)
TRUTH = one_hot(LABELS, 3)
SPEAKERS = [f"s{index // 12}" for index in range(N)]
NOISE = RNG.standard_normal((N, 2, 40)).astype(np.float32)


@pytest.mark.parametrize("name", STUDENTS)
def test_students_are_small(name):
    """Each has fewer parameters than the setting allows by default."""
    network = build_network(find_student(name), n_classes=8, n_bands=64)
    assert count_parameters(network) < 200_000


def test_an_unknown_student_is_refused_by_name():
    """The message lists those there are."""
    with pytest.raises(ConfigurationError, match="one of small, tiny, but got `huge`"):
        find_student("huge")


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_softening_divides_logits(temperature):
    """It equals the softmax of the logits over the temperature."""
    logits = RNG.standard_normal((5, 4))
    powers = np.exp(logits / temperature)
    plain = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(soften(plain, temperature), expected, rtol=1e-10)


def test_a_clip_without_a_label_is_the_teachers_alone():
    """Trust divides labelled clips only, and rows stay distributions."""
    said = np.array([[0.2, 0.8], [0.2, 0.8]])
    labels = np.array([[1.0, 0.0], [0.0, 0.0]])
    aims = set_aims(said, labels, Distillation(trust=0.25))
    np.testing.assert_allclose(aims, [[0.8, 0.2], [0.2, 0.8]])


def test_aims_of_other_shapes_are_refused():
    """Both shapes are told."""
    with pytest.raises(ConfigurationError, match=r"\(1, 2\), but has \(2, 2\)"):
        set_aims(np.array([[0.5, 0.5]]), np.eye(2), Distillation())


def test_teachers_together_are_their_geometric_mean():
    """A teacher that excludes a class counts, without making a posterior undefined."""
    said = average_teachers([np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]])])
    assert said[0, 0] > 0.999
    np.testing.assert_allclose(said.sum(axis=1), 1)


def test_clips_are_judged_by_heads_that_never_heard_their_speaker():
    """Of noise, which a head knows by heart, nothing is known about others' clips."""
    (found,) = judge_by_others([NOISE], TRUTH, SPEAKERS, folds=5)
    assert (found.argmax(axis=1) == LABELS).mean() < 0.6
    # With labels of one speaker exchanged, what is said of that speaker stays as it was.
    exchanged = TRUTH.copy()
    exchanged[:12] = TRUTH[:12][:, [1, 2, 0]]
    (again,) = judge_by_others([NOISE], exchanged, SPEAKERS, folds=5)
    np.testing.assert_array_equal(again[:12], found[:12])
    assert not np.array_equal(again[12:], found[12:])


def test_copies_are_judged_by_the_same_heads():
    """A copy equal to its clip gets the same posterior, another one another."""
    clips, copies, others = judge_by_others([NOISE, NOISE, NOISE + 1], TRUTH, SPEAKERS, folds=3)
    np.testing.assert_array_equal(clips, copies)
    assert not np.array_equal(clips, others)


def test_too_few_speakers_to_part_are_refused():
    """Two people leave a head with one, who can choose nothing."""
    with pytest.raises(ConfigurationError, match="at least 3 people"):
        judge_by_others([NOISE], TRUTH, ["a", "b"] * (N // 2), folds=2)
