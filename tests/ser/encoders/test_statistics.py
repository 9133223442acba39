"""Statistics of an encoder's layers are a feature set like any other."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from ser.audio.augment.speed import speed_perturb
from ser.encoders.pretrained import load_encoder
from ser.encoders.statistics import EncoderStatistics
from ser.errors import ConfigurationError

RNG = np.random.default_rng(0)
CLIPS = [(0.1 * RNG.standard_normal(n)).astype(np.float32) for n in (1, 700, 9000, 9000, 5000)]


@pytest.fixture
def features(tiny):
    """Return the statistics of a tiny encoder."""
    return EncoderStatistics(model=str(tiny("wav2vec2-group")), speeds="1")


def test_a_frame_holds_mean_and_deviation_of_a_layer(features):
    """Over time, in that order, for every layer."""
    computed = features.compute(CLIPS)
    (states,) = load_encoder(features.model).encode([CLIPS[2]])
    assert computed.lengths.tolist() == [3] * len(CLIPS)
    assert computed.bands == features.bands == 32
    expected = np.concatenate([states.mean(axis=1), states.std(axis=1)], axis=1)
    np.testing.assert_allclose(computed[2], expected, atol=1e-6)


def test_frames_do_not_depend_on_batch_mates(features):
    """A clip's frames are the same bit for bit alone and in any batch."""
    together = features.compute(CLIPS)
    for index, clip in enumerate(CLIPS):
        assert np.array_equal(together[index], features.compute([clip])[0])


def test_layers_can_be_chosen(features):
    """Only what carries emotion need be stored."""
    chosen = replace(features, layers="2,1")
    assert np.array_equal(chosen.compute(CLIPS[:1])[0], features.compute(CLIPS[:1])[0][[2, 1]])


def test_copies_at_other_speeds_are_averaged(features):
    """Each counts as much as the clip itself."""
    three = replace(features, speeds="0.9,1,1.1").compute(CLIPS)
    copies = [
        features.compute(speed_perturb(CLIPS, speed) if speed != 1 else CLIPS)
        for speed in (0.9, 1.0, 1.1)
    ]
    np.testing.assert_allclose(three.values, np.mean([c.values for c in copies], axis=0), atol=1e-6)


def test_the_name_is_of_the_content_and_not_of_the_place(features, tmp_path):
    """A moved encoder gives the same feature set; other weights or layers give another."""
    moved = tmp_path / "elsewhere"
    shutil.copytree(features.model, moved)
    copy = replace(features, model=str(moved))
    assert copy.feature_set == features.feature_set
    assert replace(copy, layers="1").feature_set != features.feature_set
    (moved / "config.json").write_text((moved / "config.json").read_text() + " ")
    assert copy.feature_set != features.feature_set


def test_parameters_say_what_was_computed(features):
    """The model, its hashes, the layers and the pooling, ready for JSON."""
    parameters = features.parameters
    assert parameters["kind"] == "encoder_statistics"
    assert parameters["layers"] == "all"
    assert parameters["pooling"] == "mean,deviation"
    assert len(str(parameters["weights_sha256"])) == 64


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sample_rate": 8000}, "`sample_rate` must be 16000, but got 8000"),
        ({"speeds": "0.9,3"}, "`speeds` must be numbers in 0.5 … 2 .* got 0.9,3"),
        ({"speeds": ""}, "`speeds` must be numbers"),
        ({"layers": "2-4"}, "`layers` must be `all` or numbers with commas .* got 2-4"),
    ],
)
def test_parameters_out_of_range_are_refused(changes, message):
    """Before any encoder is looked for."""
    with pytest.raises(ConfigurationError, match=message):
        EncoderStatistics(model="nowhere", **changes)


def test_a_layer_that_the_encoder_lacks_is_refused(features):
    """The layers there are get named."""
    chosen = replace(features, layers="1,3")
    with pytest.raises(ConfigurationError, match=r"must lie in 0 … 2, but got 1,3"):
        chosen.compute(CLIPS)
