"""The last steps of lineage: what a model was worth, what was decided, what it asked."""

from collections.abc import Mapping
from typing import Any

from pipelines.lineage.step import Step
from pipelines.registry.states import read_states
from warehouse import Warehouse, queries


def trace_outcome(store: Warehouse, model: Mapping[str, Any]) -> list[Step]:
    """Tell what became of a model: evaluations, decisions, changes, drift, rounds it asked.

    Args:
        store: The warehouse now.
        model: Its row of `models`.
    """
    return [
        *_evaluations(store, model["model_id"]),
        *_gates(store, model["model_id"]),
        *_registry(store, model["model_id"]),
        *_drifts(store, model["model_id"]),
        *_rounds(store, model),
    ]


def _evaluations(store: Warehouse, model_id: str) -> list[Step]:
    shown = ("part", "corpus", "truth", "clips", "uar", "uar_low", "uar_high", "snapshot")
    return [
        Step(
            "evaluation",
            row["evaluation_id"],
            {
                **{name: row[name] for name in shown},
                "corpus": row["corpus"] or "the one it learned from",
            },
        )
        for row in queries.select_evaluations(store).to_pylist()
        if row["model_id"] == model_id
    ]


def _gates(store: Warehouse, model_id: str) -> list[Step]:
    found = []
    for row in queries.select_gates(store, model_id=model_id).to_pylist():
        checks = queries.select_gate_checks(store, row["gate_id"]).to_pylist()
        facts = {
            "line": row["line"],
            "passed": row["is_passed"],
            "against": row["champion_id"] or "no champion",
            "failed": [check["check_name"] for check in checks if not check["is_passed"]],
            "reasons": [check["reason"] for check in checks if not check["is_passed"]],
            "truth": row["truth"],
            "snapshot": row["snapshot"],
            "decided": row["decided_at"],
        }
        found.append(Step("gate", row["gate_id"], facts))
    return found


def _registry(store: Warehouse, model_id: str) -> list[Step]:
    state = Step("registry", model_id, {"state": read_states(store)[model_id]})
    changes = [
        Step(
            "registry",
            f"{row['line']} {row['number']}",
            {
                "kind": row["kind"],
                "champion": row["champion_id"] or "none",
                "gate": row["gate_id"] or "none",
                "by": row["actor"],
                "reason": row["reason"],
                "at": row["changed_at"],
            },
        )
        for row in queries.select_transitions(store).to_pylist()
        if row["model_id"] == model_id
    ]
    return [state, *changes]


def _drifts(store: Warehouse, model_id: str) -> list[Step]:
    found: dict[str, dict[str, Any]] = {}
    for row in queries.select_drifts(store, model_id=model_id).to_pylist():
        facts = found.setdefault(
            row["drift_id"],
            {
                "corpus": row["corpus"],
                "clips": row["incoming_clips"],
                "alarms": [],
                "snapshot": row["snapshot"],
                "at": row["measured_at"],
            },
        )
        if row["is_alarm"]:
            facts["alarms"].append(row["measure"])
    return [Step("drift", name, facts) for name, facts in found.items()]


def _rounds(store: Warehouse, model: Mapping[str, Any]) -> list[Step]:
    shown = ("campaign", "number", "strategy", "budget", "random_share", "snapshot")
    found = []
    for row in queries.select_rounds(store).to_pylist():
        facts = {name: row[name] for name in shown}
        asker = row["model_id"] or "drawn by lot"
        if row["round_id"] == model["round_id"]:
            found.append(Step("round", row["round_id"], {"it": "learned", **facts, "by": asker}))
        if row["model_id"] == model["model_id"]:
            found.append(Step("round", row["round_id"], {"it": "asked", **facts}))
    return found
