"""What hears emotion in waveforms, whatever it runs on."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from ser.errors import ConfigurationError
from ser.features.cepstral import Mfcc
from ser.features.spectral import LogMel
from ser.inference.predictor import predict
from ser.inference.recogniser import FrameRecogniser, ModelRecogniser
from ser.models.build import build_network
from ser.models.parameters import NetworkParameters
from ser.models.trained import TrainedModel

FEATURES = LogMel(bands=16)


def make_model(features=FEATURES, classes=("anger", "neutral", "sadness"), **parameters):
    """Return a small random model."""
    sizes = NetworkParameters(
        channels=(4, 8), time_pools=(2, 2), recurrent_size=8, embedding_size=6, **parameters
    )
    torch.manual_seed(0)
    return TrainedModel(
        network=build_network(sizes, n_classes=len(classes), n_bands=features.bands).eval(),
        parameters=sizes,
        classes=classes,
        feature_set=features.feature_set,
        sample_rate=16000,
    )


@pytest.fixture
def clips():
    """Return waveforms of three lengths and both kinds."""
    rng = np.random.default_rng(0)
    waves = [(0.1 * rng.standard_normal(size)).astype(np.float32) for size in (9000, 300, 20000)]
    return [*waves, np.rint(waves[0] * 32768).astype(np.int16)]


def test_it_says_what_the_predictor_says(clips):
    """Features and network are those of the model."""
    model = make_model()
    recogniser = ModelRecogniser(model, FEATURES, name="small")
    expected = predict(model, FEATURES.compute(clips)).posterior
    np.testing.assert_allclose(recogniser.judge(clips), expected, atol=1e-6)
    assert recogniser.judge(clips).dtype == np.float32
    assert (recogniser.name, recogniser.sample_rate) == ("small", 16000)
    assert recogniser.classes == ("anger", "neutral", "sadness")


def test_frames_say_what_their_waveforms_do(clips):
    """A stream may compute them by itself."""
    recogniser = ModelRecogniser(make_model(), FEATURES)
    assert isinstance(recogniser, FrameRecogniser)
    frames = list(recogniser.features.compute(clips))
    np.testing.assert_array_equal(recogniser.judge_frames(frames), recogniser.judge(clips))


def test_no_clips_give_no_rows():
    """A batch may be empty."""
    recogniser = ModelRecogniser(make_model(), FEATURES)
    assert recogniser.judge([]).shape == recogniser.judge_frames([]).shape == (0, 3)


def test_threads_do_not_disturb_each_other(clips):
    """Eight at a time hear what one does."""
    recogniser = ModelRecogniser(make_model(), FEATURES)
    expected = [recogniser.judge([clip]) for clip in clips]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(recogniser.judge, [[clip] for clip in clips * 8]))
    for at, posterior in enumerate(found):
        np.testing.assert_array_equal(posterior, expected[at % len(clips)])


def test_features_of_another_model_are_refused():
    """The message names both sets."""
    with pytest.raises(ConfigurationError, match=r"`log_mel-\w+`.*are `mfcc-\w+`"):
        ModelRecogniser(make_model(), Mfcc())


def test_a_model_of_ratings_alone_is_refused():
    """It has no classes to give a posterior of."""
    with pytest.raises(ConfigurationError, match="ratings alone"):
        ModelRecogniser(make_model(classes=(), ratings=("arousal",)), FEATURES)
