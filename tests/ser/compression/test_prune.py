"""A pruned network is smaller, and what it lost mattered least."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ser.audio.augment.record import Augmentation
from ser.compression.prune import fine_tune, prune_channels
from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.inference.predictor import predict
from ser.models.build import count_parameters
from ser.models.parameters import NetworkParameters
from ser.training.parameters import TrainingParameters
from tests.ser.export.models import FAMILIES, make_model

WIDE = NetworkParameters(
    channels=(16, 24), time_pools=(2, 2), recurrent="none", recurrent_size=8, embedding_size=8
)
PRUNABLE = {
    "statistics": replace(WIDE, pooling="statistics"),
    "attention": WIDE,
    "lstm": replace(WIDE, recurrent="lstm"),
    "ensemble": replace(WIDE, pooling="statistics", members=2, centred=1),
}


@pytest.fixture
def clips():
    """Return 24 clips of noise at three levels."""
    rng = np.random.default_rng(0)
    levels = np.arange(24) % 3
    frames = [
        rng.normal(-9 + 3 * level, 1, (30, 16)).astype(np.float32) for level in levels.tolist()
    ]
    return RaggedFeatures.from_list(frames), np.eye(3)[levels]


def silence(model, channels):
    """Let these channels of every block say nothing."""
    parts = (".convolution.weight", ".normalisation.bias", ".normalisation.running_mean")
    for name, weights in model.network.state_dict().items():
        if name.endswith(parts):
            weights[channels] = 0
    return model


@pytest.mark.parametrize("parameters", PRUNABLE.values(), ids=PRUNABLE)
def test_channels_that_say_nothing_are_not_missed(parameters, clips):
    """Without them posteriors are the same: every layer above was cut to match.

    But for deviations, which are at least 1e-3 even of what never moves.
    """
    model = silence(make_model(parameters), torch.tensor([0, 3, 5, 8, 9, 11, 13, 15]))
    pruned = prune_channels(model, keep=2 / 3)
    assert pruned.parameters.channels == (16, 16)
    assert count_parameters(pruned.network) < count_parameters(model.network)
    np.testing.assert_allclose(
        predict(pruned, clips[0]).posterior, predict(model, clips[0]).posterior, atol=1e-4
    )


def test_half_of_the_first_block_can_go(clips):
    """A block of 16 with 8 silent ones keeps the 8 that speak."""
    model = silence(make_model(PRUNABLE["ensemble"]), torch.tensor([0, 3, 5, 8, 9, 11, 13, 15]))
    pruned = prune_channels(model, keep=0.5)
    assert pruned.parameters.channels == (8, 16)
    np.testing.assert_allclose(
        predict(pruned, clips[0]).posterior, predict(model, clips[0]).posterior, atol=1e-4
    )


def test_a_pruned_network_learns_on(clips):
    """It begins with the weights it kept, loses loss, and leaves its origin alone."""
    features, targets = clips
    pruned = prune_channels(make_model(PRUNABLE["ensemble"]), keep=0.5)
    before = predict(pruned, features).posterior
    training = TrainingParameters(epochs=15, batch_size=8, augmentation=Augmentation())
    tuned = fine_tune(pruned, features, targets, training=training)
    assert tuned.history[-1].loss < tuned.history[0].loss
    assert (predict(tuned, features).labels == targets.argmax(axis=1)).mean() > 0.8
    np.testing.assert_array_equal(predict(pruned, features).posterior, before)


def test_fine_tuning_repeats(clips):
    """Equal arguments give equal weights."""
    pruned = prune_channels(make_model(PRUNABLE["statistics"]), keep=0.5)
    training = TrainingParameters(epochs=2, batch_size=8, augmentation=Augmentation())
    first, second = (fine_tune(pruned, *clips, training=training, seed=3) for _ in range(2))
    for name, weights in first.network.state_dict().items():
        assert torch.equal(weights, second.network.state_dict()[name])


@pytest.mark.parametrize("family", ["gru", "self-attention"])
def test_other_blocks_are_refused(family):
    """Residual, squeezed and separable blocks are distilled, not pruned."""
    with pytest.raises(ConfigurationError, match="serloop distil"):
        prune_channels(make_model(FAMILIES[family]), keep=0.5)


@pytest.mark.parametrize("keep", [0, 1.1])
def test_a_share_is_a_share(keep):
    """Nothing, or more than all, cannot be kept."""
    with pytest.raises(ConfigurationError, match=f"got {keep}"):
        prune_channels(make_model(WIDE), keep=keep)
