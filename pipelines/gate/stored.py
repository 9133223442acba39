"""Decisions of the gate ↔ rows of the warehouse."""

from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from pipelines.convert import to_table
from pipelines.gate.records import Check, Decision
from warehouse import Warehouse, queries

_OF_DECISION = [field.name for field in fields(Decision) if field.name != "checks"]


def decision_rows(decision: Decision) -> dict[str, pa.Table]:
    """Return the rows of a decision by table.

    Args:
        decision: The decision.
    """
    row: dict[str, Any] = {name: getattr(decision, name) for name in _OF_DECISION}
    row |= {"is_passed": decision.is_passed, "decided_at": datetime.now(UTC)}
    checks = [{"gate_id": decision.gate_id, **asdict(check)} for check in decision.checks]
    return {"gates": to_table("gates", [row]), "gate_checks": to_table("gate_checks", checks)}


def find_decision(store: Warehouse, model_id: str, gate_id: str) -> Decision | None:
    """Return a decision about a model, or None where it was not made yet.

    Args:
        store: The warehouse.
        model_id: The candidate.
        gate_id: The decision.
    """
    rows = queries.select_gates(store, model_id=model_id).to_pylist()
    row = next((row for row in rows if row["gate_id"] == gate_id), None)
    if row is None:
        return None
    return Decision(
        **{name: row[name] for name in _OF_DECISION}, checks=read_checks(store, gate_id)
    )


def read_checks(store: Warehouse, gate_id: str) -> tuple[Check, ...]:
    """Return everything that a decision looked at, what failed first.

    Args:
        store: The warehouse.
        gate_id: The decision.
    """
    names = [field.name for field in fields(Check)]
    rows = queries.select_gate_checks(store, gate_id).select(names).to_pylist()
    return tuple(Check(**row) for row in rows)
