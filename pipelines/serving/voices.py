"""A model in memory, and what it was told of single speakers."""

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipelines.baselines.find import Told, load_baseline
from pipelines.models import load_weights
from pipelines.settings import Settings

if TYPE_CHECKING:
    from ser.features.record import FeatureSet
    from ser.inference.personal import PersonalRecogniser
    from ser.models.trained import TrainedModel

# What is known of a voice takes up to some hundred kilobytes.
MOST_IN_MEMORY = 100


class Voices:
    """Recognisers that know one speaker each, of one model; from any number of threads at a time.

    Nothing is loaded before somebody asks for it, and all of them share the model's weights.

    Args:
        settings: Where artifacts are kept.
        model: The row of `models`, configuration decoded.
        told: What the model was told of speakers; it may be exchanged as a whole.
    """

    def __init__(self, settings: Settings, model: Mapping[str, Any], told: Told) -> None:
        self.told = told
        self._settings = settings
        self._model = dict(model)
        self._lock = threading.RLock()
        self._parts: tuple[TrainedModel, FeatureSet] | None = None
        self._heard: dict[str, PersonalRecogniser] = {}

    def read_parts(self) -> "tuple[TrainedModel, FeatureSet]":
        """Return the model and the features that it reads.

        Raises:
            ArtifactError: If the weights are missing, or are not those that were recorded.
        """
        from ser.features.registry import rebuild_features  # noqa: PLC0415 - loads torch

        with self._lock:
            if self._parts is None:
                features = rebuild_features(self._model["config"]["features"])
                self._parts = load_weights(self._settings, self._model), features
            return self._parts

    def hear(self, row: Mapping[str, Any]) -> "PersonalRecogniser":
        """Return what judges a speaker; the same object for the same row, as batches need it.

        Args:
            row: The row of `baselines` to use, of `told`.

        Raises:
            ArtifactError: If a file is missing, or is not the one that was recorded.
        """
        from ser.inference.personal import PersonalRecogniser  # noqa: PLC0415 - loads torch

        with self._lock:
            # Those in use stay in memory as long as somebody has them.
            found = self._heard.pop(row["baseline_id"], None)
            if found is None:
                name = f"{self._model['model_id']} for {row['speaker']}"
                baseline = load_baseline(self._settings, row)
                found = PersonalRecogniser(*self.read_parts(), baseline, name=name)
            self._heard[row["baseline_id"]] = found
            if len(self._heard) > MOST_IN_MEMORY:
                del self._heard[next(iter(self._heard))]
            return found
