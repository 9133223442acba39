"""Evaluate: a model meets speakers it has never heard."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.clipset import INTENDED, read_features, select_clip_set
from pipelines.convert import evaluation_rows, prediction_rows
from pipelines.errors import NothingToDoError
from pipelines.models import load_weights, require_model
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store


@dataclass(frozen=True)
class EvaluateResult:
    """How well a model does on held-out speakers.

    Args:
        model_id: The model.
        truth: `intended`, or the consensus run it was judged by.
        clips: Test clips.
        speakers: Test speakers.
        uar: Unweighted average recall.
        uar_low: Lower end of its 95 % interval, speakers resampled.
        uar_high: Upper end.
        war: Weighted average recall, the accuracy.
        confusion: Counts, truth × prediction, row-major ``(C·C,)``.
        classes: C names.
    """

    model_id: str
    truth: str
    clips: int
    speakers: int
    uar: float
    uar_low: float
    uar_high: float
    war: float
    confusion: tuple[int, ...]
    classes: tuple[str, ...]

    def rows(self) -> Sequence[Row]:
        """Return one row per model."""
        return [
            {
                "model_id": self.model_id,
                "truth": self.truth,
                "test_clips": self.clips,
                "test_speakers": self.speakers,
                "uar": self.uar,
                "uar_low": self.uar_low,
                "uar_high": self.uar_high,
                "war": self.war,
            }
        ]

    def confusion_rows(self) -> Sequence[Row]:
        """Return the confusion matrix, one row per true class."""
        counts = np.array(self.confusion).reshape(len(self.classes), -1)
        return [
            {"truth": name, **dict(zip(self.classes, map(int, row), strict=True))}
            for name, row in zip(self.classes, counts, strict=True)
        ]


def evaluate(
    settings: Settings, progress: Progress, *, model_id: str, truth: str = INTENDED
) -> EvaluateResult:
    """Judge a model on the clips of the speakers it was kept from.

    Args:
        settings: Where the warehouse and the weights are.
        progress: Where progress is shown.
        model_id: The model.
        truth: `intended` for the corpus's own labels, or the id of a consensus run.

    Returns:
        UAR with its speaker-clustered bootstrap interval, WAR and the confusion matrix.

    Raises:
        PipelineError: If the model is unknown.
        NothingToDoError: If no test clip has a decided label; ties are left out.
    """
    from ser.inference.predictor import predict  # noqa: PLC0415 - loads torch

    with open_store(settings) as store:
        model = require_model(store, model_id)
        clips = select_clip_set(
            store,
            corpus=model["config"]["corpus"],
            labels=truth,
            test_speakers=model["config"]["test_speakers"],
        )
        test = clips.decided(clips.test)
        if not test.size:
            raise NothingToDoError(
                f"no clip of the test speakers {list(clips.test_speakers)} has a label from "
                f"`{truth}`"
            )
        features = read_features(store, model["feature_set"], clips.ids(test))
        with progress.track("evaluate", len(features), "clips") as advance:
            prediction = predict(load_weights(settings, model), features)
            advance(len(features))
        result = _judge(
            clips.targets[test].argmax(axis=1),
            prediction.labels,
            clips.speakers[test],
            clips.classes,
            model_id=model_id,
            truth=truth,
        )
        speakers = sorted(set(clips.speakers[test].tolist()))
        store.commit(
            {
                "evaluations": evaluation_rows(result, speakers),
                # Kept clip by clip, so that two models can be compared on the same clips.
                "predictions": prediction_rows(
                    model_id, clips.ids(test), prediction.posterior, prediction.embeddings
                ),
            },
            message=f"evaluate {model_id}",
        )
    return result


def _judge(
    labels: npt.NDArray[np.int64],
    predicted: npt.NDArray[np.int64],
    speakers: npt.NDArray[np.str_],
    classes: tuple[str, ...],
    *,
    model_id: str,
    truth: str,
) -> EvaluateResult:
    from ser.metrics.bootstrap import bootstrap_uar  # noqa: PLC0415 - keeps help fast
    from ser.metrics.classification import (  # noqa: PLC0415
        confusion_matrix,
        weighted_average_recall,
    )

    interval = bootstrap_uar(labels, predicted, speakers.tolist(), n_classes=len(classes))
    return EvaluateResult(
        model_id=model_id,
        truth=truth,
        clips=len(labels),
        speakers=len(set(speakers.tolist())),
        uar=interval.estimate,
        uar_low=interval.low,
        uar_high=interval.high,
        war=weighted_average_recall(labels, predicted, len(classes)),
        confusion=tuple(confusion_matrix(labels, predicted, len(classes)).ravel().tolist()),
        classes=classes,
    )
