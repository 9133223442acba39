"""The models there are, and what happened to them, as tables for a person."""

from collections.abc import Sequence
from typing import Any

from pipelines.clipset import INTENDED, TEST
from pipelines.errors import NothingToDoError
from pipelines.registry.lines import campaigns_of, name_line
from pipelines.registry.states import read_lines, read_states
from pipelines.runner import Row
from warehouse import Warehouse, queries


def list_models(store: Warehouse, line: str | None = None) -> Sequence[Row]:
    """Return one row per model, by line and in the order they were trained.

    Args:
        store: The warehouse.
        line: Only this line.

    Raises:
        NothingToDoError: If the line has no model, with the lines there are.
    """
    campaigns, states, uars = campaigns_of(store), read_states(store), _uars(store)
    reasons = {
        change.model_id: change.reason for of in read_lines(store) for change in of.transitions
    }
    rows = [
        {
            "line": name_line(model, campaigns),
            "model_id": model["model_id"],
            "state": states[model["model_id"]],
            "round": model["round_id"],
            "arm": model["arm"],
            "clips": model["train_clips"],
            "uar": uars.get(model["model_id"]),
            "reason": reasons.get(model["model_id"], ""),
        }
        for model in queries.select_models(store).to_pylist()
    ]
    return sorted(_only(rows, line), key=lambda row: str(row["line"]))


def list_history(store: Warehouse, line: str | None = None) -> Sequence[Row]:
    """Return one row per change, by line and in order.

    Args:
        store: The warehouse.
        line: Only this line.

    Raises:
        NothingToDoError: If nothing happened in the line, with those where anything did.
    """
    rows = [
        {
            "line": of.name,
            "number": change.number,
            "change": change.kind,
            "model_id": change.model_id,
            "champion": change.champion_id,
            "actor": change.actor,
            "at": change.changed_at.isoformat(timespec="seconds"),
            "reason": change.reason,
        }
        for of in read_lines(store)
        for change in of.transitions
    ]
    return _only(rows, line)


def _only(rows: list[dict[str, Any]], line: str | None) -> list[dict[str, Any]]:
    if line is None:
        return rows
    found = [row for row in rows if row["line"] == line]
    if not found:
        known = ", ".join(f"`{name}`" for name in sorted({row["line"] for row in rows})) or "none"
        raise NothingToDoError(f"nothing is known of line `{line}`; there are: {known}")
    return found


def _uars(store: Warehouse) -> dict[str, float]:
    """Return the UAR of each model on the test speakers of its own corpus, by intended labels."""
    rows = queries.select_evaluations(store).to_pylist()
    return {
        row["model_id"]: row["uar"]
        for row in rows
        if (row["part"], row["corpus"]) == (TEST, None) and row["truth"] in (INTENDED, None)
    }
