"""The page shows the newest check of each model in question."""

from datetime import UTC, datetime

from pipelines.gathering.drifts import read_drifts
from warehouse import Warehouse
from warehouse.testing import make_rows


def measure(store: Warehouse, drift_id: str, model: str, hour: int, *alarms: bool) -> None:
    """Store a check with one measure per alarm."""
    count = len(alarms)
    rows = make_rows(
        "drifts",
        drift_id=[drift_id] * count,
        measure=[f"{drift_id}-{index}" for index in range(count)],
        model_id=[model] * count,
        corpus=["calls"] * count,
        is_alarm=alarms,
        measured_at=[datetime(2026, 5, 4, hour, tzinfo=UTC)] * count,
    )
    store.commit({"drifts": rows}, message="drift")


def test_the_newest_check_counts_alarms_first(store: Warehouse) -> None:
    """An older check of the same model and corpus is gone from the page."""
    measure(store, "old", "m1", 1, True)
    measure(store, "new", "m1", 2, False, True)
    (check,) = read_drifts(store, {"m1"})
    assert [of.name for of in check.measures] == ["new-1", "new-0"]
    assert [of.name for of in check.alarms] == ["new-1"]


def test_only_models_in_question_are_shown(store: Warehouse) -> None:
    """Champion and candidate have a check each; a third model has none here."""
    for name in ("m0", "m1", "m2"):
        measure(store, f"of-{name}", name, 1, False)
    assert [check.model_id for check in read_drifts(store, {"m0", "m2"})] == ["m0", "m2"]
    assert read_drifts(store, {"other"}) == ()
