"""Whether knowing a speaker helps, on speakers whose voices are made up."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ser.encoders.ridge_model import train_ridge
from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.inference.baseline_gain import (
    PENALTIES,
    WEIGHTS,
    Known,
    Outcome,
    hear_adapted,
    hear_shifted,
    judge_outcomes,
)
from ser.inference.predictor import predict
from ser.inference.strangers import solve_strangers
from ser.models.parameters import NetworkParameters

LAYERED = NetworkParameters(layers=1, embedding_size=0)
SPEAKERS, TAKES, WIDTH = 8, 6, 6


def make_known(voices: float, habits: float = 0.0) -> Known:
    """Return clips whose classes differ by 2 along axes along which voices differ too.

    Args:
        voices: How far voices lie apart.
        habits: How far each class of a speaker lies from that of others.
    """
    rng = np.random.default_rng(0)
    parts, labels, names = [], [], []
    for speaker in range(SPEAKERS):
        voice = np.concatenate([rng.normal(0, voices, WIDTH), np.zeros(WIDTH)])
        for label in range(3):
            centre = 2 * np.eye(2 * WIDTH)[label] + voice
            centre[:WIDTH] += rng.normal(0, habits, WIDTH) if label else 0
            for _ in range(TAKES):
                parts.append((centre + rng.normal(0, 0.5, 2 * WIDTH))[None])
                labels.append(label)
                names.append(f"s{speaker}")
    clips = RaggedFeatures.from_list(parts)
    return Known(clips, np.array(labels), np.array(names), 3)


def train(known: Known, members: int = 1):
    """Return a light head that was solved for, or several that say together what it says."""
    torch.manual_seed(0)
    return train_ridge(
        known.features,
        known.labels,
        known.speakers.tolist(),
        classes=("neutral", "anger", "joy"),
        feature_set="test",
        sample_rate=16000,
        model=replace(LAYERED, members=members),
    )


def test_strangers_never_heard_their_speaker():
    """What is said of a speaker stays the same whatever the labels of their clips are."""
    known = make_known(1.0)
    trained = train(known)
    own = known.speakers == "s3"
    other = known.labels.copy()
    other[own] = (other[own] + 1) % 3
    names = known.speakers.tolist()
    clips = known.features.take(np.flatnonzero(own))

    def ask(labels):
        of = {
            s.speakers[0]: s.trained
            for s in solve_strangers(trained, known.features, labels, names)
        }
        return of["s3"].network.head.logits[-1].weight, predict(of["s3"], clips).labels

    first, second = ask(known.labels), ask(other)
    # The scale of the logits is that of the head and of all labels; the direction is not.
    unit = [weight / weight.norm() for weight, _ in (first, second)]
    torch.testing.assert_close(unit[0], unit[1], atol=1e-5, rtol=1e-4)
    assert np.array_equal(first[1], second[1])


def test_members_hear_strangers_as_one_head_does():
    """They keep their distances from what is solved for again."""
    known = make_known(1.0)
    said = [
        predict(stranger.trained, known.features)
        for members in (1, 3)
        for stranger in solve_strangers(
            train(known, members), known.features, known.labels, known.speakers.tolist()
        )[:1]
    ]
    np.testing.assert_allclose(said[0].posterior, said[1].posterior, atol=1e-4)
    assert said[1].members.std(axis=0).max() > 0.01


def test_shift_is_on_where_voices_differ():
    """Voices that lie far apart are told by their neutral clips, and that helps."""
    known = make_known(2.0)
    strangers = solve_strangers(train(known), known.features, known.labels, known.speakers.tolist())
    gain = judge_outcomes(hear_shifted(strangers, known, neutral=0, clips=3), WEIGHTS, n_classes=3)
    assert gain.is_help
    assert gain.uar.low > 0.05
    assert gain.choice == 1.0


def test_shift_is_off_where_voices_are_alike():
    """Where all speak alike, neutral clips tell of chance, and what they tell is not used."""
    known = make_known(0.0)
    strangers = solve_strangers(train(known), known.features, known.labels, known.speakers.tolist())
    gain = judge_outcomes(hear_shifted(strangers, known, neutral=0, clips=1), WEIGHTS, n_classes=3)
    assert not gain.is_help
    assert gain.speakers == SPEAKERS


def test_clips_of_a_baseline_are_judged_by_neither_arm():
    """Of 18 clips of each speaker, 3 neutral ones are given and 15 judged."""
    known = make_known(1.0)
    strangers = solve_strangers(train(known), known.features, known.labels, known.speakers.tolist())
    for of in hear_shifted(strangers, known, neutral=0, clips=3):
        assert np.bincount(of.labels).tolist() == [3, 6, 6]
        assert of.said.shape == (1 + len(WEIGHTS), 15)


def test_adapter_is_on_where_people_show_it_their_own_way():
    """Labelled clips of a speaker tell how they show each class, and that helps."""
    known = make_known(0.5, habits=1.5)
    strangers = solve_strangers(train(known), known.features, known.labels, known.speakers.tolist())
    outcomes = hear_adapted(strangers, known, clips={0: 2, 1: 2, 2: 2})
    gain = judge_outcomes(outcomes, PENALTIES, n_classes=3)
    assert gain.is_help
    assert {len(of.labels) for of in outcomes} == {12}


def test_gain_is_judged_with_the_choice_of_others():
    """A choice that helps one speaker alone counts nothing for that speaker."""
    labels = np.array([0, 1])
    right, wrong = [0, 1], [1, 0]
    outcomes = [
        Outcome(f"s{i}", labels, np.array([wrong, wrong, right if i == 0 else wrong]))
        for i in range(5)
    ]
    gain = judge_outcomes(outcomes, (0.5, 1.0), n_classes=2)
    assert gain.choice == 1.0
    assert gain.uar.estimate == 0.0


def test_too_few_speakers_tell_nothing():
    """Four speakers are refused."""
    of = Outcome("a", np.array([0, 1]), np.zeros((2, 2), np.int64))
    with pytest.raises(ConfigurationError, match="at least 5 speakers, but are of 1"):
        judge_outcomes([of], (0.5,), n_classes=2)
