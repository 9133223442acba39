"""Reads of what the gate decided, who is champion, what drifted, and when snapshots were made."""

import pyarrow as pa

from warehouse import schemas
from warehouse.queries.read import count, read
from warehouse.schemas.kinds import INSTANT
from warehouse.warehouse import Warehouse

_SNAPSHOT = pa.schema([count("snapshot")])
_SNAPSHOTS = pa.schema([count("snapshot"), pa.field("committed_at", INSTANT, nullable=False)])


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


def select_snapshots(warehouse: Warehouse, *, since: int = 0) -> pa.Table:
    """Return snapshot and committed_at of every snapshot there still is, in order.

    Args:
        warehouse: An open warehouse.
        since: The first that is wanted.
    """
    return read(warehouse, "select_snapshots", _SNAPSHOTS, since=since)


def select_last_kept_snapshot(warehouse: Warehouse, upto: int) -> pa.Table:
    """Return snapshot: the last one up to a number that there still is, one row.

    Args:
        warehouse: An open warehouse.
        upto: The highest it may be, at least 0.
    """
    return read(warehouse, "select_last_kept_snapshot", _SNAPSHOT, upto=upto)
