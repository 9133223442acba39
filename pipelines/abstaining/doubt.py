"""What a model is worth when it may say that it is not sure, for its page."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.abstaining.calibrate import read_test
from pipelines.abstaining.calibration_clips import groups_of
from pipelines.abstaining.promises import EVERYONE, measure_sets
from pipelines.clipset import INTENDED
from pipelines.judged import JudgedClips
from pipelines.report.model.content import DoubtView, PromiseView, SelectiveView
from warehouse import Warehouse, queries


def gather_doubt(store: Warehouse, model: Mapping[str, Any]) -> DoubtView | None:
    """Read how right a model is when it may stay silent, and whether its sets keep promises.

    Args:
        store: The warehouse.
        model: A row from `require_model`.

    Returns:
        What its stored predictions of its test speakers say by intended labels, or by the labels
        it learned from; None where there are none, or it predicts no classes.
    """
    from ser.metrics.bootstrap import bootstrap_metrics  # noqa: PLC0415 - keeps help fast
    from ser.metrics.selective import selective_curve, selective_statistic  # noqa: PLC0415

    read = _read(store, model)
    if read is None:
        return None
    clips, posterior = read
    statistic = selective_statistic(clips.labels, posterior)
    found = bootstrap_metrics(statistic, clips.speakers, resamples=1000)
    return DoubtView(
        clips=len(clips.clip_ids),
        speakers=len(set(clips.speakers)),
        curve=tuple(
            SelectiveView(
                answered=point.answered,
                accuracy=point.accuracy.estimate,
                low=point.accuracy.low,
                high=point.accuracy.high,
            )
            for point in selective_curve(found)
        ),
        aurc=found["aurc"].estimate,
        aurc_low=found["aurc"].low,
        aurc_high=found["aurc"].high,
        excess=found["excess_aurc"].estimate,
        promises=_promises(store, model, clips, posterior),
    )


def _read(
    store: Warehouse, model: Mapping[str, Any]
) -> tuple[JudgedClips, npt.NDArray[np.float64]] | None:
    has_predictions = queries.select_predictions(store, model["model_id"]).num_rows
    if not model["classes"] or not has_predictions:
        return None
    truths = dict.fromkeys(
        row["truth"]
        for row in queries.select_evaluations(store).to_pylist()
        if row["model_id"] == model["model_id"] and row["corpus"] is None and row["part"] == "test"
    )
    truth = INTENDED if INTENDED in truths else next(iter(truths), None)
    return None if truth is None else read_test(store, model, truth)


def _promises(
    store: Warehouse,
    model: Mapping[str, Any],
    clips: JudgedClips,
    posterior: npt.NDArray[np.float64],
) -> tuple[PromiseView, ...]:
    from ser.metrics.conformal import ConformalThresholds  # noqa: PLC0415 - keeps help fast

    views = []
    for row in queries.select_calibrations(store, model_id=model["model_id"]).to_pylist():
        thresholds = ConformalThresholds.from_document(json.loads(row["thresholds"]))
        group = row["group_name"]
        names = None if group == EVERYONE else groups_of(clips, group)
        by = "" if group == EVERYONE else f", by {group}"
        if any(len(set(limits)) > 1 for limits in thresholds.thresholds.values()):
            by += ", per class"
        views += [
            PromiseView(
                name=f"{thresholds.method}, {thresholds.correction.replace('_', ' ')}{by}",
                group=promise.group,
                promised=thresholds.coverage,
                coverage=promise.coverage.estimate,
                low=promise.coverage.low,
                high=promise.coverage.high,
                set_size=promise.set_size.estimate,
                answered=promise.answered.estimate,
            )
            for promise in measure_sets(clips, thresholds.predict_sets(posterior, names), group)
        ]
    # Sorting is stable, so that groups stay behind all.
    return tuple(sorted(views, key=lambda view: (view.promised, view.name)))
