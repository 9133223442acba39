"""A small network that listens, and sound for it."""

import numpy as np
import pytest
import torch

from ser.features.spectral import LogMel
from ser.inference.recogniser import ModelRecogniser
from ser.models.build import build_network
from ser.models.parameters import NetworkParameters
from ser.models.trained import TrainedModel

PARAMETERS = NetworkParameters(
    channels=(4, 8), time_pools=(2, 2), recurrent="none", pooling="statistics", embedding_size=6
)


@pytest.fixture(scope="session")
def recogniser() -> ModelRecogniser:
    """Return an untrained network of three classes that reads log-mel frames."""
    features = LogMel(bands=16)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build_network(PARAMETERS, n_classes=3, n_bands=16).eval()
    trained = TrainedModel(
        network=network,
        parameters=PARAMETERS,
        classes=("anger", "neutral", "sadness"),
        feature_set=features.feature_set,
        sample_rate=16000,
    )
    return ModelRecogniser(trained, features, name="small")


class WaveformRecogniser:
    """Judge by level alone, and waveforms only."""

    name = "level"
    classes = ("loud", "soft")
    sample_rate = 16000

    def judge(self, waveforms):
        """Return P(loud) = RMS and P(soft) = 1 − RMS."""
        loud = [np.sqrt(np.mean(np.square(waveform))) for waveform in waveforms]
        return np.array([[level, 1 - level] for level in loud], np.float32).reshape(-1, 2)


@pytest.fixture(scope="session")
def waveform_recogniser() -> WaveformRecogniser:
    """Return one that reads no frames."""
    return WaveformRecogniser()


@pytest.fixture(scope="session")
def make_sound():
    """Return what makes seconds of hiss in which somebody speaks from … to …, float32."""

    def make(seconds, spoken, rate=16000, seed=0):
        rng = np.random.default_rng(seed)
        time = np.arange(round(seconds * rate)) / rate
        sound = 1e-3 * rng.standard_normal(len(time))
        voice = sum(np.sin(2 * np.pi * 140 * k * time) / k for k in range(1, 12))
        syllables = 0.6 + 0.4 * np.sin(2 * np.pi * 4 * time)
        for start, end in spoken:
            sound += np.where((time >= start) & (time < end), 0.1 * voice * syllables, 0)
        return sound.astype(np.float32)

    return make
