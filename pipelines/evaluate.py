"""Evaluate: a model meets speakers it has never heard."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pipelines.clipset import INTENDED, TEST
from pipelines.convert import evaluation_rows, metric_rows, prediction_rows
from pipelines.errors import NothingToDoError
from pipelines.evaluation import EvaluateResult
from pipelines.judged import JudgedClips, JudgedPart, select_judged
from pipelines.judged_ratings import RatedClips, judge_ratings, read_rated, require_rated
from pipelines.judged_words import judge_misread
from pipelines.judgement import Judgement, Scaling, judge
from pipelines.models import load_weights, require_model
from pipelines.predicting import predict_clips
from pipelines.progress import Progress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse

if TYPE_CHECKING:
    from ser.inference.predictor import Prediction
    from ser.models.trained import TrainedModel


def evaluate(
    settings: Settings,
    progress: Progress,
    *,
    model_id: str,
    truth: str = INTENDED,
    corpus: str | None = None,
    part: JudgedPart = "test",
) -> EvaluateResult:
    """Judge a model on the clips of speakers it was kept from, by every metric of the field.

    Args:
        settings: Where the warehouse and the weights are.
        progress: Where progress is shown.
        model_id: The model.
        truth: `intended` for the corpus's own labels, or the id of a consensus run.
        corpus: Another corpus to judge on, all of it; None for the test speakers of its own.
        part: `test`, or `dev` for the speakers its best epoch was chosen on.

    Returns:
        Metrics with speaker-clustered bootstrap intervals, in the model's own taxonomy: a truth
        in another one is mapped to it. Calibration is also told after temperature scaling,
        fitted on the model's dev speakers and nobody else. What the model rates is judged by
        people's mean ratings of the clips that are rated.

    Raises:
        PipelineError: If the model is unknown, or the truth came to its taxonomy another way.
        LeakageError: If the model learned from a clip, a speaker or audio it would be judged on.
        TaxonomyError: If no mapping leads from the truth's taxonomy to the model's.
        NothingToDoError: If no clip has a decided label; ties are judged by soft metrics alone. A
            model of ratings alone needs no label that is decided, but clips that are rated.
    """
    with open_store(settings) as store:
        model = require_model(store, model_id)
        trained = load_weights(settings, model)
        result, predictions = judge_model(
            store,
            settings=settings,
            progress=progress,
            model=model,
            trained=trained,
            truth=truth,
            corpus=corpus,
            part=part,
        )
        rows = {
            "evaluations": evaluation_rows(result),
            "metrics": metric_rows(result.evaluation_id, result.judgement.figures),
        }
        if result.classes and result.corpus is None and part == TEST:
            # Kept clip by clip, so that two models can be compared on the same clips.
            rows["predictions"] = predictions
        store.commit(rows, message=f"evaluate {model_id}")
    return result


def judge_model(
    store: Warehouse,
    *,
    settings: Settings,
    progress: Progress,
    model: Mapping[str, Any],
    trained: "TrainedModel",
    truth: str,
    corpus: str | None = None,
    part: JudgedPart = "test",
) -> tuple[EvaluateResult, pa.Table]:
    """Judge weights as those of a model, and write nothing; see `evaluate`.

    Args:
        store: The warehouse.
        settings: Threads.
        progress: Where progress is shown.
        model: A row from `require_model`.
        trained: Its weights.
        truth: `intended`, or the id of a consensus run.
        corpus: Another corpus; None for the model's own.
        part: `test`, or `dev`.

    Returns:
        The result, and rows of `predictions`.
    """
    from annotation.sampling import bald  # noqa: PLC0415 - keeps help fast
    from ser.threads import use_threads  # noqa: PLC0415 - loads torch

    corpus = None if corpus == model["config"]["corpus"] else corpus
    clips = select_judged(store, model, truth=truth, part=part, corpus=corpus, with_ratings=True)
    rated = read_rated(
        store,
        clips,
        corpus=corpus or model["config"]["corpus"],
        truth=truth,
        dimensions=trained.parameters.ratings,
    )
    if not clips.classes:
        require_rated(rated, model["model_id"])
        kept = np.flatnonzero(rated.is_rated)
        clips, rated = clips.take(kept), rated.take(kept)
    elif not clips.is_decided.any():
        raise NothingToDoError(
            f"`{truth}` is undecided about every one of the {len(clips.clip_ids)} {part} clips of "
            f"`{model['model_id']}`"
        )
    use_threads(settings.compute.threads)
    predict = partial(_predict, store, progress, model, trained)
    prediction = predict(clips)
    scaling = Scaling("no scaling, for it would be fitted on the very clips judged")
    if part == TEST:
        scaling = _fit_temperature(store, model, predict, model["labels"] if corpus else truth)
    judgement = _judge(clips, rated, prediction, scaling, is_soft=truth != INTENDED)
    misread = judge_misread(store, model, trained, clips)
    result = EvaluateResult(
        model_id=model["model_id"],
        truth=truth,
        part=part,
        corpus=corpus,
        snapshot=store.snapshot,
        taxonomy=clips.taxonomy if clips.classes else None,
        mapping=clips.mapping,
        clips=int(clips.is_decided.sum()),
        dropped=clips.dropped,
        speakers=tuple(sorted(set(clips.decided().speakers))),
        classes=clips.classes,
        judgement=replace(judgement, figures=(*judgement.figures, *misread)),
        scaling=scaling,
        rated=rated,
    )
    rows = prediction_rows(
        model["model_id"],
        clips.clip_ids,
        prediction.posterior,
        prediction.embeddings,
        # Members that rate alone contradict each other about no class.
        bald(prediction.members) if prediction.members.size else None,
    )
    return result, rows


def _judge(
    clips: JudgedClips,
    rated: RatedClips,
    prediction: "Prediction",
    scaling: Scaling,
    *,
    is_soft: bool,
) -> Judgement:
    """Return every figure of what the model says: classes, ratings or both."""
    found = Judgement(figures=(), confusion=(), confused=(), worst=None)
    if clips.classes:
        found = judge(clips, prediction.posterior, scaling=scaling, is_soft=is_soft)
    ratings = judge_ratings(rated, prediction.ratings, clips.speakers)
    return replace(found, figures=(*found.figures, *ratings))


def _predict(
    store: Warehouse,
    progress: Progress,
    model: Mapping[str, Any],
    trained: "TrainedModel",
    clips: JudgedClips,
) -> "Prediction":
    with progress.track("evaluate", len(clips.clip_ids), "clips") as advance:
        prediction = predict_clips(store, model["config"], trained, clips.clip_ids)
        advance(len(clips.clip_ids))
    return prediction


def _fit_temperature(
    store: Warehouse,
    model: Mapping[str, Any],
    predict: "Callable[[JudgedClips], Prediction]",
    truth: str,
) -> Scaling:
    """Fit a temperature on the model's dev speakers, if they have labels."""
    from ser.metrics.posteriors import one_hot  # noqa: PLC0415 - keeps help fast
    from ser.metrics.temperature import fit_temperature  # noqa: PLC0415

    if not model["classes"]:
        return Scaling("no scaling, for ratings are no probabilities")
    if not model["config"]["dev_speakers"]:
        return Scaling("no scaling, for the model has no dev speakers to fit it on")
    try:
        clips = select_judged(store, model, truth=truth, part="dev").decided()
    except NothingToDoError:
        clips = None
    if clips is None or not clips.clip_ids:
        return Scaling(f"no scaling, for no clip of its dev speakers has a label from `{truth}`")
    found = fit_temperature(one_hot(clips.labels, len(clips.classes)), predict(clips).posterior)
    speakers = len(set(clips.speakers))
    reason = (
        f"scaled by the temperature {found.value:.3f}, fitted on {found.dev_clips} clips of "
        f"{speakers} dev speakers"
    )
    return Scaling(reason, found, speakers)
