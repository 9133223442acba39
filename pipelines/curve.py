"""The learning curve of a campaign: both arms on the same untouched test speakers."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.campaign import ARMS, SEED_ARM
from pipelines.clipset import INTENDED, TEST
from pipelines.report.content import CurvePoint
from pipelines.runner import Row
from pipelines.taxonomies import check_comparable
from warehouse import Warehouse, queries


def read_curve(store: Warehouse, campaign: str, *, truth: str = INTENDED) -> list[CurvePoint]:
    """Return the evaluated models of a campaign, by round and arm.

    The seed round's model belongs to both arms: nothing tells them apart yet. What a model is
    worth by other labels, on other clips or another corpus is no point of the curve.

    Args:
        store: The warehouse.
        campaign: The campaign.
        truth: The labels that rounds judge by.

    Raises:
        PipelineError: If its models are not all of one taxonomy.
    """
    numbers = {
        row["round_id"]: row["number"]
        for row in queries.select_rounds(store, campaign=campaign).to_pylist()
    }
    models = {
        row["model_id"]: row
        for row in queries.select_models(store).to_pylist()
        if row["round_id"] in numbers
    }
    evaluated = [
        (models[row["model_id"]], row)
        for row in queries.select_evaluations(store).to_pylist()
        if row["model_id"] in models and is_of_curve(row, truth)
    ]
    check_comparable([model for model, _ in evaluated])
    # Late answers make a second model of one round and arm; the newer one stands for it.
    newest: dict[tuple[int, str], CurvePoint] = {}
    for model, evaluation in sorted(evaluated, key=lambda pair: pair[0]["snapshot"]):
        for point in _points(model, evaluation, numbers[model["round_id"]]):
            newest[point.round, point.arm] = point
    return [newest[key] for key in sorted(newest)]


def curve_rows(points: Sequence[CurvePoint]) -> list[Row]:
    """Return the two-arm table, one row per round."""
    rows: list[Row] = []
    for number in sorted({point.round for point in points}):
        by_arm = {point.arm: point for point in points if point.round == number}
        row: dict[str, str | int | float | None] = {"round": number}
        for arm in ARMS:
            point = by_arm.get(arm)
            row[f"{arm}_votes"] = point.votes if point else None
            row[f"{arm}_uar"] = point.uar if point else None
            row[f"{arm}_interval"] = (
                f"[{point.uar_low:.3f}, {point.uar_high:.3f}]" if point else None
            )
        rows.append(row)
    return rows


def is_of_curve(evaluation: Mapping[str, Any], truth: str = INTENDED) -> bool:
    """Return whether an evaluation says what its model is worth to its campaign.

    Args:
        evaluation: Row of `evaluations`.
        truth: The labels that rounds judge by.
    """
    # Rows from before the truth was recorded may not say it; ratings alone have no UAR.
    return (
        not math.isnan(evaluation["uar"])
        and evaluation["part"] == TEST
        and evaluation["corpus"] is None
        and evaluation["truth"] in {truth, None}
    )


def _points(model: dict[str, Any], evaluation: dict[str, Any], number: int) -> list[CurvePoint]:
    arms = ARMS if model["arm"] == SEED_ARM else (model["arm"],)
    return [
        CurvePoint(
            round=number,
            arm=arm,
            clips=model["train_clips"],
            votes=json.loads(model["metrics"])["votes"],
            uar=evaluation["uar"],
            uar_low=evaluation["uar_low"],
            uar_high=evaluation["uar_high"],
            war=evaluation["war"],
            model_id=model["model_id"],
        )
        for arm in arms
    ]
