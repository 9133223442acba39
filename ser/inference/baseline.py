"""What a speaker sounds like when nothing moves them, and hearing them relative to that."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.models.layer_network import LayerNormalisation
from ser.models.trained import TrainedModel

Means = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Shift:
    """What is taken off every frame of a speaker before a model hears them.

    Args:
        values: Of each number, float32 ``(K, D)``: K is 1 where frames follow time, and L where
            a clip has one frame per layer of an encoder.

    Raises:
        ConfigurationError: If it is not 2-D, or not finite.

    Example:
        >>> clips = RaggedFeatures.from_list([np.ones((2, 3))])
        >>> Shift(np.array([[1, 0, -1]], np.float32)).take_off(clips)[0].tolist()
        [[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]]
    """

    values: Means

    def __post_init__(self) -> None:
        """Refuse what cannot be taken off."""
        if self.values.ndim != 2 or not np.isfinite(self.values).all():
            raise ConfigurationError(
                "`values` must be finite with the shape (K, D), but have the shape "
                f"{self.values.shape} and {int((~np.isfinite(self.values)).sum())} odd numbers"
            )

    def take_off(self, features: RaggedFeatures) -> RaggedFeatures:
        """Return the features of N clips of the speaker without the shift.

        Raises:
            ConfigurationError: If the clips have other bands, or another number of frames than
                there are layers.
        """
        layers, bands = self.values.shape
        fits = features.bands == bands and (layers == 1 or (features.lengths == layers).all())
        if not fits:
            raise ConfigurationError(
                f"`features` must have {bands} bands and frames of {layers} layers, but have "
                f"{features.bands} bands and {sorted(set(features.lengths.tolist()))[:5]} frames"
            )
        rows = features.values.reshape(-1, layers, bands) - self.values
        return RaggedFeatures(rows.reshape(-1, bands).astype(np.float32), features.offsets)


def clip_means(trained: TrainedModel, features: RaggedFeatures) -> Means:
    """Return the numbers of each clip that a baseline is made of, ``(N, K, D)``.

    For frames over time they are the means of the bands. Where a frame is a layer's means and
    deviations, they are these, with 0 for the deviations: taking off a share of those as well
    lost on RAVDESS most of what the means won.

    Args:
        trained: The model that reads them.
        features: N clips, each with a frame.
    """
    if isinstance(trained.network.normalisation, LayerNormalisation):
        means = features.values.reshape(len(features), -1, features.bands).copy()
        means[:, :, features.bands // 2 :] = 0
        return means
    sums = np.add.reduceat(features.values.astype(np.float64), features.offsets[:-1], axis=0)
    return np.asarray((sums / features.lengths[:, None])[:, None], np.float32)


def find_shift(neutral: Means, reference: Means, *, weight: float) -> Shift:
    """Return how far a speaker's neutral clips lie from those of others, less what is chance.

    Few clips tell of the voice, of the words and of the day: only a share of the distance is the
    voice. The share is chosen on speakers whose clips are labelled, see `baseline_gain`.

    Args:
        neutral: Of the neutral clips of the speaker, ``(N, K, D)``, N ≥ 1.
        reference: Mean over other speakers of the mean of their neutral clips, ``(K, D)``.
        weight: That share, in 0 … 1.

    Raises:
        ConfigurationError: If there is no clip, shapes differ, or the weight leaves its range.

    Example:
        >>> told = np.array([[[1.0, 4.0]], [[3.0, 4.0]]], np.float32)
        >>> find_shift(told, np.zeros((1, 2), np.float32), weight=0.5).values.tolist()
        [[1.0, 2.0]]
    """
    if not len(neutral) or neutral.shape[1:] != reference.shape or not 0 <= weight <= 1:
        raise ConfigurationError(
            f"`neutral` must be at least one clip of the shape {reference.shape} and `weight` "
            f"in 0 … 1, but got {neutral.shape} and {weight}"
        )
    return Shift(np.asarray(weight * (neutral.mean(axis=0) - reference), np.float32))


def mean_over_speakers(means: Means, speakers: npt.NDArray[np.str_]) -> Means:
    """Return the mean over speakers of the mean over their clips, ``(K, D)``.

    Args:
        means: Of N clips, N ≥ 1, ``(N, K, D)``.
        speakers: Speaker of each, ``(N,)``.
    """
    each = [means[speakers == name].mean(axis=0) for name in np.unique(speakers)]
    return np.asarray(np.mean(each, axis=0), np.float32)
