"""A recogniser that knows one speaker."""

import numpy as np
import pytest
import torch

from ser.errors import ArtifactError
from ser.features.spectral import LogMel
from ser.inference.adapter import Adapter
from ser.inference.baseline import Shift
from ser.inference.personal import Baseline, PersonalRecogniser
from ser.inference.recogniser import ModelRecogniser
from ser.models.build import build_network
from ser.models.parameters import NetworkParameters
from ser.models.trained import TrainedModel

FEATURES = LogMel()
SMALL = NetworkParameters(channels=(4, 8), time_pools=(2, 2), recurrent_size=8, embedding_size=6)
RNG = np.random.default_rng(0)
SOUNDS = [RNG.normal(0, 0.1, n).astype(np.float32) for n in (8000, 16000)]


@pytest.fixture
def model() -> TrainedModel:
    """Return a random model of log-mel features."""
    torch.manual_seed(0)
    network = build_network(SMALL, n_classes=2, n_bands=FEATURES.bands).eval()
    return TrainedModel(network, SMALL, ("anger", "neutral"), FEATURES.feature_set, 16000)


def test_knowing_nothing_is_the_model_itself(model):
    """Without shift and adapter the posteriors are those of the model."""
    plain = ModelRecogniser(model, FEATURES).judge(SOUNDS)
    assert np.array_equal(PersonalRecogniser(model, FEATURES, Baseline()).judge(SOUNDS), plain)


def test_shift_undoes_a_louder_microphone(model):
    """Twice the amplitude is ln 4 nepers of power in each band, which is taken off."""
    louder = Shift(np.full((1, FEATURES.bands), np.log(4), np.float32))
    personal = PersonalRecogniser(model, FEATURES, Baseline(shift=louder))
    plain = ModelRecogniser(model, FEATURES)
    twice = [2 * sound for sound in SOUNDS]
    expected = plain.judge(SOUNDS)
    np.testing.assert_allclose(personal.judge(twice), expected, atol=1e-3)
    assert np.abs(plain.judge(twice) - expected).max() > 2e-3


def test_adapter_changes_what_is_said(model):
    """A preference for a class raises its probability, in waveforms and frames alike."""
    weights = np.zeros((2, 7), np.float32)
    weights[1, -1] = 3.0
    personal = PersonalRecogniser(model, FEATURES, Baseline(adapter=Adapter(weights)))
    said = personal.judge(SOUNDS)
    assert (said[:, 1] > ModelRecogniser(model, FEATURES).judge(SOUNDS)[:, 1]).all()
    assert np.array_equal(personal.judge_frames(list(FEATURES.compute(SOUNDS))), said)
    assert personal.judge([]).shape == (0, 2)


def test_baseline_survives_its_file():
    """Equal numbers give equal bytes, and come back."""
    known = Baseline(Shift(np.ones((1, 3), np.float32)), Adapter(np.ones((2, 4), np.float32)))
    read = Baseline.load(known.save())
    assert read.shift is not None
    assert read.adapter is not None
    assert np.array_equal(read.shift.values, np.ones((1, 3)))
    assert read.save() == known.save()


def test_other_files_are_refused():
    """What is no baseline is said to be none."""
    with pytest.raises(ArtifactError, match="must be a stored baseline"):
        Baseline.load(b"something else")
