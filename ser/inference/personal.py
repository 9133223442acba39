"""A recogniser that knows one speaker."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np

from ser.audio.pcm import Waveform
from ser.errors import ArtifactError, ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.features.record import FeatureSet
from ser.inference.adapter import Adapter
from ser.inference.baseline import Shift
from ser.inference.predictor import predict
from ser.inference.recogniser import Frames, ModelRecogniser, Posterior
from ser.models.trained import TrainedModel


@dataclass(frozen=True, eq=False)
class Baseline:
    """What a model was told of one speaker: either of the two, or both.

    Args:
        shift: What is taken off their features.
        adapter: What is added to the logits.
    """

    shift: Shift | None = None
    adapter: Adapter | None = None

    def judge(self, trained: TrainedModel, features: RaggedFeatures) -> Posterior:
        """Return P(class) of clips of the speaker, ``(N, C)``; N ≥ 1."""
        heard = features if self.shift is None else self.shift.take_off(features)
        said = predict(trained, heard)
        return said.posterior if self.adapter is None else self.adapter.apply(said)

    def save(self) -> bytes:
        """Return the content of a file; equal baselines give equal bytes."""
        parts = {}
        if self.shift is not None:
            parts["shift"] = self.shift.values
        if self.adapter is not None:
            parts["adapter"] = self.adapter.weights
        content = BytesIO()
        np.savez(content, **parts)  # type: ignore[arg-type] # its own option has no such name
        return content.getvalue()

    @classmethod
    def load(cls, content: bytes) -> "Baseline":
        """Read what `save` returned, running no code from it.

        Raises:
            ArtifactError: If it is something else.
        """
        try:
            with np.load(BytesIO(content), allow_pickle=False) as parts:
                found = {name: parts[name] for name in parts.files}
            return cls(
                Shift(found["shift"]) if "shift" in found else None,
                Adapter(found["adapter"]) if "adapter" in found else None,
            )
        except (ValueError, OSError, EOFError, ConfigurationError) as error:
            raise ArtifactError(f"`content` must be a stored baseline, but {error}") from error


class PersonalRecogniser(ModelRecogniser):
    """Judge one speaker with a model and what it was told of them; a `FrameRecogniser`.

    Args:
        trained: The model, of any family that predicts classes.
        features: The features that it reads.
        baseline: What it was told of them.
        name: What it is called; the name of its feature set by default.

    Raises:
        ConfigurationError: As `ModelRecogniser`.
    """

    def __init__(
        self, trained: TrainedModel, features: FeatureSet, baseline: Baseline, *, name: str = ""
    ) -> None:
        super().__init__(trained, features, name=name)
        self._baseline = baseline

    def judge(self, waveforms: Sequence[Waveform]) -> Posterior:
        """Return P(class) of each clip, float32 ``(N, C)``; see `Recogniser.judge`."""
        return self._judge(self._features.compute(waveforms))

    def judge_frames(self, clips: Sequence[Frames]) -> Posterior:
        """Return P(class) of each clip, float32 ``(N, C)``; see `FrameRecogniser`."""
        return self._judge(RaggedFeatures.from_list(clips, bands=self._features.bands))

    def _judge(self, features: RaggedFeatures) -> Posterior:
        if not len(features):
            return np.empty((0, len(self.classes)), np.float32)
        return self._baseline.judge(self._trained, features)
