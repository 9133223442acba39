"""Models in a warehouse without any training: what the registry knows of them are their rows."""

import json
from collections.abc import Sequence

from pipelines.registry.states import Kind, Transition, read_line
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse.testing import make_rows


def put_models(settings: Settings, names: Sequence[str], *, round_id: str | None = None) -> None:
    """Store models of the corpus `calls`, or of a round of the campaign `spring`."""
    count = len(names)
    rows = {
        "models": make_rows(
            "models",
            model_id=list(names),
            round_id=[round_id] * count,
            config=[json.dumps({"corpus": "calls"})] * count,
            state=["candidate"] * count,
        )
    }
    if round_id is not None:
        rows["rounds"] = make_rows("rounds", round_id=[round_id], campaign=["spring"])
    with open_store(settings) as store:
        store.commit(rows, message="models")


def put_decision(settings: Settings, gate_id: str, model_id: str, **given: object) -> None:
    """Store a decision of the gate in the line `calls`; one that passed, unless it is said."""
    values = {"line": "calls", "is_passed": True, **given}
    rows = make_rows(
        "gates",
        gate_id=[gate_id],
        model_id=[model_id],
        **{name: [value] for name, value in values.items()},
    )
    with open_store(settings) as store:
        store.commit({"gates": rows}, message="gate")


def changes(settings: Settings, line: str = "calls") -> list[tuple[Kind, str, str | None]]:
    """Return what happened in a line, short."""
    return [(of.kind, of.model_id, of.champion_id) for of in history(settings, line)]


def history(settings: Settings, line: str = "calls") -> tuple[Transition, ...]:
    """Return what happened in a line."""
    with open_store(settings) as store:
        return read_line(store, line).transitions
