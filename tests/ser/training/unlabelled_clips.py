"""Clips of which few have a label, and clips of another domain, for what is learned beside."""

import numpy as np

from ser.audio.augment.record import Augmentation
from ser.features.ragged import RaggedFeatures
from ser.features.spectral import LogMel
from ser.models.parameters import NetworkParameters
from ser.models.trained import TrainedModel
from ser.training.loop import train_classifier
from ser.training.parameters import TrainingParameters

BANDS, FRAMES = 16, 12
MEL = LogMel(bands=BANDS)
SMALL = NetworkParameters(
    channels=(4, 8), time_pools=(2, 2), recurrent="none", pooling="statistics", embedding_size=8
)
QUICK = TrainingParameters(
    epochs=2, batch_size=8, learning_rate=5e-3, augmentation=Augmentation(speed_factors=())
)


def make_clips(
    clips: int, seed: int, *, classes: int = 2, loud: float = 1.0, microphone: float = 0.0
) -> tuple[RaggedFeatures, np.ndarray]:
    """Return noise in which a louder part of the bands tells the class, and class numbers.

    Args:
        clips: N.
        seed: Of the noise.
        classes: C; their parts lie side by side.
        loud: How much louder the part is, deviations of the noise.
        microphone: How far another microphone moves each band, the same for all clips.
    """
    rng = np.random.default_rng(seed)
    labels = np.arange(clips) % classes
    values = rng.normal(-6, 1, (clips, FRAMES, BANDS))
    values += microphone * np.random.default_rng(7).normal(0, 1, BANDS)
    # A voice of its own for every clip: what few labels confound with the class.
    values += rng.normal(0, loud / 2, (clips, 1, BANDS))
    width = BANDS // classes
    for clip, label in zip(values, labels, strict=True):
        clip[:, width * label : width * (label + 1)] += loud
    return RaggedFeatures.from_list(list(values)), labels


def train(
    training: TrainingParameters = QUICK,
    *,
    labelled: int = 12,
    model: NetworkParameters = SMALL,
    seed: int = 0,
    **options: object,
) -> TrainedModel:
    """Train a small network on a few labelled clips of two classes."""
    features, labels = options.pop("clips", None) or make_clips(labelled, seed=seed + 100)
    given = {"log_mel": MEL, "classes": ("calm", "angry"), "feature_set": "test"} | options
    return train_classifier(
        features,
        np.eye(2)[labels],
        sample_rate=16000,
        model=model,
        training=training,
        seed=seed,
        **given,
    )
