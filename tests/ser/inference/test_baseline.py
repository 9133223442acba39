"""Hearing a speaker relative to their neutral clips."""

import numpy as np
import pytest
import torch

from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.inference.baseline import Shift, clip_means, find_shift, mean_over_speakers
from ser.models.build import build_network
from ser.models.parameters import NetworkParameters
from ser.models.trained import TrainedModel

SMALL = NetworkParameters(channels=(4,), time_pools=(2,), recurrent_size=8, embedding_size=6)
LAYERED = NetworkParameters(layers=2, embedding_size=0)


def make_model(parameters: NetworkParameters, bands: int) -> TrainedModel:
    """Return a random model of two classes."""
    torch.manual_seed(0)
    network = build_network(parameters, n_classes=2, n_bands=bands).eval()
    return TrainedModel(network, parameters, ("anger", "neutral"), "test", 16000)


def test_clip_means_are_those_of_the_bands():
    """Every frame of a clip counts the same, whatever the clips beside it."""
    clips = RaggedFeatures.from_list([np.array([[1.0, 3.0], [3.0, 5.0]]), np.array([[7.0, 9.0]])])
    means = clip_means(make_model(SMALL, 2), clips)
    assert means.tolist() == [[[2.0, 4.0]], [[7.0, 9.0]]]


def test_clip_means_leave_deviations_of_layers_alone():
    """Where a frame is a layer's means, then deviations, the latter are not shifted."""
    clips = RaggedFeatures.from_list([np.arange(8.0).reshape(2, 4)])
    means = clip_means(make_model(LAYERED, 4), clips)
    assert means.tolist() == [[[0.0, 1.0, 0.0, 0.0], [4.0, 5.0, 0.0, 0.0]]]


def test_whole_shift_puts_neutral_clips_on_the_reference():
    """With all of the distance taken off, the speaker's neutral clips sound like everybody's."""
    rng = np.random.default_rng(0)
    clips = RaggedFeatures.from_list([rng.normal(5, 1, (9, 3)) for _ in range(4)])
    model = make_model(SMALL, 3)
    reference = np.zeros((1, 3), np.float32)
    shift = find_shift(clip_means(model, clips), reference, weight=1.0)
    moved = clip_means(model, shift.take_off(clips)).mean(axis=0)
    np.testing.assert_allclose(moved, reference, atol=1e-5)


def test_no_shift_changes_nothing():
    """With none of the distance taken off, features stay bit for bit."""
    clips = RaggedFeatures.from_list([np.ones((2, 3))])
    none = find_shift(np.ones((1, 1, 3), np.float32), np.zeros((1, 3), np.float32), weight=0.0)
    assert np.array_equal(none.take_off(clips).values, clips.values)


def test_every_speaker_counts_the_same():
    """Whoever has more clips does not pull the reference."""
    means = np.array([[[0.0]], [[0.0]], [[0.0]], [[8.0]]], np.float32)
    assert mean_over_speakers(means, np.array(["a", "a", "a", "b"])).tolist() == [[4.0]]


@pytest.mark.parametrize(
    ("neutral", "weight"), [((0, 1, 3), 0.5), ((1, 1, 2), 0.5), ((1, 1, 3), 2)]
)
def test_what_gives_no_shift_is_refused(neutral, weight):
    """No clip, other bands and a weight out of range are named."""
    with pytest.raises(ConfigurationError, match="`neutral` must be at least one clip"):
        find_shift(np.ones(neutral, np.float32), np.zeros((1, 3), np.float32), weight=weight)


def test_shift_of_other_features_is_refused():
    """A shift of layers does not fit frames over time."""
    shift = Shift(np.zeros((2, 3), np.float32))
    with pytest.raises(ConfigurationError, match="3 bands and frames of 2 layers"):
        shift.take_off(RaggedFeatures.from_list([np.ones((5, 3))]))
    with pytest.raises(ConfigurationError, match="must be finite"):
        Shift(np.full((1, 3), np.nan, np.float32))
