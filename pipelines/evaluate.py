"""Evaluate: a model meets speakers it has never heard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from annotation.taxonomies import TaxonomyMap, build_mapping
from pipelines.clipset import INTENDED, TEST, ClipSet, read_features, select_clip_set
from pipelines.convert import evaluation_rows, prediction_rows
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.models import load_weights, require_model
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.taxonomies import share_mapping
from pipelines.workspace import open_store


@dataclass(frozen=True)
class EvaluateResult:
    """How well a model does on held-out speakers.

    Args:
        model_id: The model.
        truth: `intended`, or the consensus run it was judged by.
        taxonomy: Class list it was judged in, the model's.
        mapping: Mapping that the truth came to it by; None for labels given in it.
        clips: Test clips.
        dropped: Clips of test speakers left out because the mapping drops their label.
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
    taxonomy: str
    mapping: str | None
    clips: int
    dropped: int
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
                "taxonomy": self.taxonomy,
                "mapping": self.mapping,
                "test_clips": self.clips,
                "dropped": self.dropped,
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
        UAR with its speaker-clustered bootstrap interval, WAR and the confusion matrix, in the
        model's own taxonomy: a truth in another one is mapped to it as the training labels were.

    Raises:
        PipelineError: If the model is unknown, or the truth came to its taxonomy another way.
        TaxonomyError: If no mapping leads from the truth's taxonomy to the model's.
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
            taxonomy=_taxonomy_of(model),
        )
        require_same_classes(model, clips)
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
        result = _judge(model, truth, clips, test, prediction.labels)
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


def require_same_classes(model: Mapping[str, Any], clips: ClipSet) -> None:
    """Refuse a truth that is not in the classes the model predicts, or means others by them.

    Args:
        model: A row from `require_model`.
        clips: The clips with their truth.

    Raises:
        PipelineError: With both.
    """
    has_same_classes = (clips.taxonomy, list(clips.classes)) == (
        model["taxonomy"],
        model["classes"],
    )
    # Labels given in the classes themselves need no mapping, on either side.
    is_mapped_alike = not (model["mapping"] and clips.mapping) or share_mapping(
        model["mapping"], clips.mapping
    )
    if not (has_same_classes and is_mapped_alike):
        raise PipelineError(
            f"model `{model['model_id']}` predicts {model['classes']} "
            f"(`{model['mapping'] or model['taxonomy']}`), but the truth is in "
            f"{list(clips.classes)} (`{clips.mapping or clips.taxonomy}`); train a model on such "
            "labels, or judge this one by others"
        )


def _taxonomy_of(model: Mapping[str, Any]) -> str | TaxonomyMap:
    """Return the rules that a model's labels were mapped by, or where they led."""
    rules = model["config"].get("rules")
    return build_mapping(rules) if rules else str(model["taxonomy"])


def _judge(
    model: Mapping[str, Any],
    truth: str,
    clips: ClipSet,
    test: npt.NDArray[np.int64],
    predicted: npt.NDArray[np.int64],
) -> EvaluateResult:
    from ser.metrics.bootstrap import bootstrap_uar  # noqa: PLC0415 - keeps help fast
    from ser.metrics.classification import (  # noqa: PLC0415
        confusion_matrix,
        weighted_average_recall,
    )

    size = len(clips.classes)
    labels = clips.targets[test].argmax(axis=1)
    speakers = clips.speakers[test].tolist()
    interval = bootstrap_uar(labels, predicted, speakers, n_classes=size)
    return EvaluateResult(
        model_id=model["model_id"],
        truth=truth,
        taxonomy=clips.taxonomy,
        mapping=clips.mapping,
        clips=len(labels),
        dropped=clips.dropped[TEST],
        speakers=len(set(speakers)),
        uar=interval.estimate,
        uar_low=interval.low,
        uar_high=interval.high,
        war=weighted_average_recall(labels, predicted, size),
        confusion=tuple(confusion_matrix(labels, predicted, size).ravel().tolist()),
        classes=clips.classes,
    )
