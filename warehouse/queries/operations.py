"""Reads of what the gate decided, who is champion, and what drifted."""

import pyarrow as pa

from warehouse import schemas
from warehouse.queries.read import read
from warehouse.warehouse import Warehouse


def select_gates(
    warehouse: Warehouse, *, line: str | None = None, model_id: str | None = None
) -> pa.Table:
    """Return `gates` ordered by line and time.

    Args:
        warehouse: An open warehouse.
        line: Only this line.
        model_id: Only those about this candidate.
    """
    return read(warehouse, "select_gates", schemas.GATES.schema, line=line, model_id=model_id)


def select_gate_checks(warehouse: Warehouse, gate_id: str) -> pa.Table:
    """Return `gate_checks` of one decision, those that failed first."""
    return read(warehouse, "select_gate_checks", schemas.GATE_CHECKS.schema, gate_id=gate_id)


def select_transitions(warehouse: Warehouse, *, line: str | None = None) -> pa.Table:
    """Return `transitions` ordered by line and number.

    Args:
        warehouse: An open warehouse.
        line: Only this line.
    """
    return read(warehouse, "select_transitions", schemas.TRANSITIONS.schema, line=line)


def select_drifts(warehouse: Warehouse, *, model_id: str | None = None) -> pa.Table:
    """Return `drifts` ordered by model and time.

    Args:
        warehouse: An open warehouse.
        model_id: Only those of this model.
    """
    return read(warehouse, "select_drifts", schemas.DRIFTS.schema, model_id=model_id)
