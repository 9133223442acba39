"""How clips that came in differ from those the models in question learned from."""

from itertools import groupby
from typing import Any

from pipelines.report.drift import DriftCheck, DriftMeasure
from warehouse import Warehouse, queries


def read_drifts(store: Warehouse, model_ids: set[str]) -> tuple[DriftCheck, ...]:
    """Return the newest check of each model on each corpus.

    Args:
        store: The warehouse.
        model_ids: The models: a round's own, and the champion.
    """
    newest: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for model_id in sorted(model_ids):
        rows = queries.select_drifts(store, model_id=model_id).to_pylist()
        rows.sort(key=lambda row: (row["measured_at"], row["drift_id"], row["measure"]))
        for _, found in groupby(rows, key=lambda row: row["drift_id"]):
            measures = list(found)
            newest[model_id, measures[0]["corpus"]] = measures
    return tuple(_check(newest[key]) for key in sorted(newest))


def _check(rows: list[dict[str, Any]]) -> DriftCheck:
    shared = ("model_id", "corpus", "reference_clips", "incoming_clips")
    return DriftCheck(
        **{name: rows[0][name] for name in shared},
        measures=tuple(
            DriftMeasure(
                name=row["measure"],
                value=row["value"],
                threshold=row["threshold"],
                p_value=row["p_value"],
                is_alarm=row["is_alarm"],
                detail=row["detail"],
            )
            for row in sorted(rows, key=lambda row: (not row["is_alarm"], row["measure"]))
        ),
    )
