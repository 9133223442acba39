"""Noise in which loud bands, and large numbers of the words, tell the class of a clip."""

import numpy as np

from ser.features.ragged import RaggedFeatures
from ser.fusion.dev import FusionDev
from ser.fusion.model import FusedModel
from ser.fusion.parameters import FusionParameters
from ser.fusion.train import train_fusion
from ser.models.parameters import NetworkParameters
from ser.training.parameters import TrainingParameters

CLASSES = ("anger", "neutral", "sadness")
BANDS, TEXT_SIZE = 16, 8
SMALL = NetworkParameters(channels=(4, 8), time_pools=(2, 2), recurrent_size=8, embedding_size=8)
QUICK = TrainingParameters(epochs=2, batch_size=8)


def make_clips(
    clips: int, seed: int, *, loud: float = 0.4, telling: float = 1.0
) -> tuple[RaggedFeatures, RaggedFeatures, np.ndarray]:
    """Return features, words, of which every sixth clip has none, and class numbers."""
    rng = np.random.default_rng(seed)
    labels = np.arange(clips) % 3
    frames = [rng.normal(-6, 1, (rng.integers(8, 40), BANDS)) for _ in labels]
    states = [rng.normal(0, 1, (rng.integers(1, 6), TEXT_SIZE)) for _ in labels]
    for clip, state, label in zip(frames, states, labels, strict=True):
        clip[:, 5 * label : 5 * label + 5] += loud
        state[:, 2 * label : 2 * label + 2] += telling
    words = [state[: 0 if number % 6 == 5 else None] for number, state in enumerate(states)]
    return RaggedFeatures.from_list(frames), RaggedFeatures.from_list(words), labels


def train(**options: object) -> FusedModel:
    """Train a small fusion on 24 clips."""
    features, words, labels = make_clips(24, seed=1)
    options = {
        "classes": CLASSES,
        "feature_set": "test",
        "text_set": "text",
        "sample_rate": 16000,
        "model": None if "sound" in options else SMALL,
        "fusion": FusionParameters(size=8, heads=2),
        "training": QUICK,
        **options,
    }
    return train_fusion(
        options.pop("features", features),
        options.pop("words", words),
        options.pop("targets", np.eye(3)[labels]),
        **options,
    )


def make_dev(clips: int = 60, seed: int = 2, **options: float) -> FusionDev:
    """Return clips of the same kind to judge by."""
    return FusionDev(*make_clips(clips, seed, **options))
