"""What hears emotion in waveforms, whatever it runs on."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from ser.audio.pcm import Waveform
from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.features.record import FeatureSet
from ser.inference.predictor import predict
from ser.models.trained import TrainedModel

Posterior = npt.NDArray[np.float32]
Frames = npt.NDArray[np.float32]


class Recogniser(Protocol):
    """Judge waveforms, from any number of threads at a time."""

    @property
    def name(self) -> str:
        """What it is called in answers and logs."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the C classes, in the order of the posterior."""

    @property
    def sample_rate(self) -> int:
        """Rate of the waveforms, Hz."""

    def judge(self, waveforms: Sequence[Waveform]) -> Posterior:
        """Return P(class) of each clip, float32 ``(N, C)``, judged as one batch.

        Args:
            waveforms: One mono ``(S,)`` array per clip, S ≥ 1: float32 in [−1, 1], or int16. N
                may be 0.

        Raises:
            ConfigurationError: If a waveform is empty, not finite, or of another dtype.
        """


@runtime_checkable
class FrameRecogniser(Recogniser, Protocol):
    """A recogniser that also judges features, so that a stream computes each frame once."""

    @property
    def features(self) -> FeatureSet:
        """The features it reads."""

    def judge_frames(self, clips: Sequence[Frames]) -> Posterior:
        """Return P(class) of each clip, float32 ``(N, C)``, judged as one batch.

        Args:
            clips: Frames of `features` of each clip, float32 ``(F, D)``, F ≥ 1. N may be 0.
        """


class ModelRecogniser:
    """Judge with a trained model in PyTorch; a `FrameRecogniser`.

    Args:
        trained: The model, of any family that predicts classes.
        features: The features that it reads.
        name: What it is called; the name of its feature set by default.

    Raises:
        ConfigurationError: If the model reads other features, or predicts no classes.
    """

    def __init__(self, trained: TrainedModel, features: FeatureSet, *, name: str = "") -> None:
        if features.feature_set != trained.feature_set:
            raise ConfigurationError(
                f"`features` must be `{trained.feature_set}`, which the model reads, but are "
                f"`{features.feature_set}`; rebuild them from the model's configuration"
            )
        if not trained.classes:
            raise ConfigurationError(
                "`trained` must predict classes, but predicts ratings alone; give a model with "
                "classes"
            )
        trained.network.eval()
        self._trained = trained
        self._features = features
        self._name = name or trained.feature_set

    @property
    def name(self) -> str:
        """What it is called in answers and logs."""
        return self._name

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the C classes, in the order of the posterior."""
        return self._trained.classes

    @property
    def sample_rate(self) -> int:
        """Rate of the waveforms, Hz."""
        return self._trained.sample_rate

    @property
    def features(self) -> FeatureSet:
        """The features it reads."""
        return self._features

    def judge(self, waveforms: Sequence[Waveform]) -> Posterior:
        """Return P(class) of each clip, float32 ``(N, C)``; see `Recogniser.judge`."""
        return self._predict(self._features.compute(waveforms))

    def judge_frames(self, clips: Sequence[Frames]) -> Posterior:
        """Return P(class) of each clip, float32 ``(N, C)``; see `FrameRecogniser`."""
        return self._predict(RaggedFeatures.from_list(clips, bands=self._features.bands))

    def _predict(self, features: RaggedFeatures) -> Posterior:
        if not len(features):
            return np.empty((0, len(self.classes)), np.float32)
        return predict(self._trained, features, batch_clips=len(features)).posterior
