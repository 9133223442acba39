"""States of one layer are a feature set like any other."""

from dataclasses import replace

import numpy as np
import pytest

from ser.encoders.pretrained import load_encoder
from ser.encoders.states import EncoderStates
from ser.encoders.statistics import EncoderStatistics
from ser.errors import ConfigurationError
from ser.features.registry import rebuild_features

RNG = np.random.default_rng(0)
SAMPLES = (1, 700, 1600, 1919, 1921, 9000, 16001)
CLIPS = [(0.1 * RNG.standard_normal(n)).astype(np.float32) for n in SAMPLES]


@pytest.mark.parametrize("layer", [0, 1])
def test_frames_are_the_states_of_the_layer(any_tiny, layer):
    """As many as were promised, whatever the length of the clip."""
    features = EncoderStates(model=str(any_tiny), layer=layer)
    computed = features.compute(CLIPS)
    whole = load_encoder(features.model).encode(CLIPS)
    assert computed.bands == 16
    for found, states in zip(computed, whole, strict=True):
        np.testing.assert_allclose(found, states[layer], atol=1e-6)


def test_frames_do_not_depend_on_batch_mates(any_tiny):
    """A clip's frames are the same bit for bit alone and in any batch."""
    features = EncoderStates(model=str(any_tiny), layer=1)
    together = features.compute(CLIPS)
    for index, clip in enumerate(CLIPS):
        assert np.array_equal(together[index], features.compute([clip])[0])


def test_parameters_rebuild_it(tiny):
    """The model, its hashes and the layer name it; another layer is another set."""
    features = EncoderStates(model=str(tiny("hubert")), layer=1)
    assert rebuild_features(features.parameters) == features
    assert features.feature_set.startswith("encoder_states-")
    assert replace(features, layer=0).feature_set != features.feature_set
    assert EncoderStatistics(model=features.model).parameters["kind"] == "encoder_statistics"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sample_rate": 8000}, "`sample_rate` must be 16000, but got 8000"),
        ({"layer": -1}, "`layer` must be ≥ 0, but got -1"),
    ],
)
def test_parameters_out_of_range_are_refused(changes, message):
    """Before any encoder is looked for."""
    with pytest.raises(ConfigurationError, match=message):
        EncoderStates(model="nowhere", **changes)


def test_the_last_layer_is_refused(tiny):
    """Nothing lies above it that could learn."""
    with pytest.raises(ConfigurationError, match=r"`layer` of `.*` must lie in 0 … 1, but got 2"):
        EncoderStates(model=str(tiny("hubert")), layer=2).compute(CLIPS[:1])
