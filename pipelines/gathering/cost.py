"""What the labels and models of a round cost."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow.compute as pc

from pipelines.curve import is_of_curve
from pipelines.gathering.changes import count_votes, read_arm_labels
from pipelines.models import require_model
from pipelines.outlook import pace_of
from pipelines.report.content import CurvePoint
from pipelines.report.cost import Cost
from warehouse import Warehouse, queries


def read_cost(store: Warehouse, campaign: str, number: int, curve: Sequence[CurvePoint]) -> Cost:
    """Return what was spent on a campaign up to a round, and in that round.

    Votes are those that labels of either arm stand on, each counted once; their time is their
    number by the mean time of a vote, so that votes without a time cost what the others do.

    Args:
        store: The warehouse.
        campaign: The campaign.
        number: The round.
        curve: The curve up to that round.
    """
    rounds = sorted({point.round for point in curve if point.round <= number})
    now = read_arm_labels(store, [point for point in curve if point.round == number])
    votes = count_votes(now)
    before = 0
    if len(rounds) > 1:
        then = [point for point in curve if point.round == rounds[-2]]
        before = count_votes(read_arm_labels(store, then))
    given = queries.select_effective_votes(store, clip_ids=sorted(now))
    names = sorted({point.model_id for point in curve if point.round == number})
    models = [require_model(store, name) for name in names]
    return Cost(
        votes=votes,
        round_votes=votes - before,
        seconds_per_vote=pace_of(store, campaign, up_to=number),
        timed=float(pc.mean(pc.is_valid(given["lead_time_s"])).as_py() or 0.0),
        epochs=sum(json.loads(model["metrics"]).get("epochs", 0) for model in models),
        training_s=_bound_training(store, models),
    )


def _bound_training(store: Warehouse, models: Sequence[Mapping[str, Any]]) -> float:
    """Return the seconds that trainings took at most.

    How long one takes is not recorded, for it never repeats. But a model was trained after the
    snapshot it learned from was made, and before the one it was first judged on.
    """
    judged = {
        row["model_id"]: row["snapshot"]
        for row in reversed(queries.select_evaluations(store).to_pylist())
        if is_of_curve(row)
    }
    made = queries.select_snapshots(store, since=min(model["snapshot"] for model in models))
    moments = dict(zip(made["snapshot"].to_pylist(), made["committed_at"].to_pylist(), strict=True))
    total = 0.0
    for model in models:
        begin, end = moments.get(model["snapshot"]), moments.get(judged[model["model_id"]])
        if begin is None or end is None:
            return float("nan")
        total += (end - begin).total_seconds()
    return total
