"""Read what a model was calibrated to, for whoever lets it answer."""

import json
from typing import TYPE_CHECKING

from warehouse import Warehouse, queries

if TYPE_CHECKING:
    from ser.metrics.conformal import ConformalThresholds


def read_calibration(
    store: Warehouse, model_id: str, *, coverage: float | None = None
) -> "ConformalThresholds | None":
    """Return the latest thresholds of a model, or None where it was not calibrated.

    Args:
        store: The warehouse.
        model_id: The model.
        coverage: Only those that promise this coverage; None for any.
    """
    from ser.metrics.conformal import ConformalThresholds  # noqa: PLC0415 - keeps help fast

    rows = [
        row
        for row in queries.select_calibrations(store, model_id=model_id).to_pylist()
        if coverage in {None, row["coverage"]}
    ]
    if not rows:
        return None
    latest = max(rows, key=lambda row: (row["snapshot"], row["calibration_id"]))
    return ConformalThresholds.from_document(json.loads(latest["thresholds"]))
