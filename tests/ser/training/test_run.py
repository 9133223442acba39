"""Epochs in a row: stopping in time, and going on after being killed."""

import signal
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ser.errors import ArtifactError
from ser.models.trained import TrainedModel
from ser.training.loop import train_classifier
from ser.training.parameters import TrainingParameters
from tests.ser.training.trainee import EPOCHS, NETWORK, make_clips, start_training

QUICK = TrainingParameters(epochs=3, batch_size=10)


def train(training: TrainingParameters = QUICK, **options: object) -> TrainedModel:
    """Train on 24 clips with a dev part."""
    features, labels, _ = make_clips(24, seed=1)
    return train_classifier(
        features,
        options.pop("targets", np.eye(3)[labels]),
        classes=("anger", "neutral", "sadness"),
        feature_set="test",
        sample_rate=16000,
        dev=options.pop("dev", make_clips(9, seed=2)[:2]),
        model=replace(NETWORK, ratings=()),
        training=training,
        **options,
    )


def weights(model: TrainedModel) -> list[torch.Tensor]:
    """Return everything the network holds."""
    return list(model.network.state_dict().values())


@pytest.mark.slow
def test_killed_again_and_again_a_training_ends_with_the_same_bits(undisturbed, tmp_path):
    """SIGKILL right after an epoch and at odd moments of later ones."""
    state = tmp_path / "training"
    for after, delay_s in ((1, 0.0), (2, 0.06), (4, 0.12)):
        process = start_training(state)
        while process.stdout.readline().strip() != str(after):
            assert process.poll() is None, process.stderr.read()
        time.sleep(delay_s)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert not state.with_suffix(".weights").exists()
    process = start_training(state)
    epochs, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert epochs.split() == [str(epoch) for epoch in range(1, EPOCHS + 1)]
    for name in (".weights", ".json"):
        found, expected = (path.with_suffix(name).read_bytes() for path in (state, undisturbed))
        assert found == expected


def test_a_finished_training_returns_at_once(tmp_path):
    """Its model and history come from the state alone."""
    first = train(state=tmp_path / "state")
    again = train(state=tmp_path / "state")
    assert again.history == first.history
    assert again.best_epoch == first.best_epoch
    assert all(torch.equal(a, b) for a, b in zip(weights(first), weights(again), strict=True))


def test_the_ccc_of_ratings_is_kept_with_each_epoch(tmp_path):
    """Beside the UAR, and a training that goes on has that of its former epochs."""
    features, labels, ratings = make_clips(24, seed=1)
    both = {"classes": ("anger", "neutral", "sadness"), "targets": np.eye(3)[labels]}
    options = {"feature_set": "test", "sample_rate": 16000, "ratings": ratings, "model": NETWORK}
    options |= {**both, "dev": make_clips(9, seed=2), "state": tmp_path / "state"}
    first = train_classifier(features, training=QUICK, **options)
    again = train_classifier(features, training=QUICK, **options)
    assert again.history == first.history
    assert all(-1 <= summary.dev_ccc <= 1 for summary in first.history)
    assert all(0 <= summary.dev_uar <= 1 for summary in first.history)


def test_keeping_a_state_changes_no_bit(tmp_path):
    """Whoever keeps none gets the same model."""
    first, second = train(state=tmp_path / "state"), train()
    assert all(torch.equal(a, b) for a, b in zip(weights(first), weights(second), strict=True))


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 1},
        {"training": replace(QUICK, learning_rate=1e-3)},
        {"targets": np.eye(3)[np.arange(24)[::-1] % 3]},
        {"weights": np.linspace(1, 2, 24)},
        {"augmented": [make_clips(24, seed=1)[0]]},
        {"dev": make_clips(9, seed=3)[:2]},
    ],
    ids=lambda other: next(iter(other)),
)
def test_the_state_of_another_training_is_refused(other, tmp_path):
    """Whatever the weights depend on tells trainings apart."""
    train(state=tmp_path / "state")
    with pytest.raises(ArtifactError, match="must be the state of this training"):
        train(state=tmp_path / "state", **other)


def test_training_stops_when_the_dev_score_no_longer_rises():
    """After as many epochs without a better one as patience allows."""
    features, labels, _ = make_clips(9, seed=2)
    silent = (type(features)(np.zeros_like(features.values), features.offsets), labels)
    model = train(TrainingParameters(epochs=9, batch_size=10, patience=2), dev=silent)
    assert (len(model.history), model.best_epoch) == (3, 1)
    assert model.history[-1].epochs == 9


def test_without_a_dev_part_patience_never_ends():
    """There is no score that could stop rising."""
    model = train(TrainingParameters(epochs=4, batch_size=10, patience=1), dev=None)
    assert (len(model.history), model.best_epoch) == (4, 4)


def test_a_stopped_training_is_finished_for_good(tmp_path: Path):
    """Resuming it adds no epoch."""
    settings = TrainingParameters(epochs=9, batch_size=10, patience=1)
    first = train(settings, state=tmp_path / "state")
    assert len(first.history) < 9
    assert train(settings, state=tmp_path / "state").history == first.history
