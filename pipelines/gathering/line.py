"""Who is champion as of a round, and what the gate decided about its model."""

from collections.abc import Mapping
from datetime import datetime
from itertools import takewhile

from pipelines.campaign import read_rounds
from pipelines.curve import is_of_curve
from pipelines.gate.stored import read_checks
from pipelines.registry.states import Line, read_line
from pipelines.report.registry import (
    Champion,
    GateDecision,
    Registry,
    RegistryChange,
)
from warehouse import Warehouse, queries


def read_registry(store: Warehouse, campaign: str, number: int, candidate: str) -> Registry:
    """Return the registry of a campaign as of one of its rounds.

    Args:
        store: The warehouse.
        campaign: The campaign, which is the line its models compete in.
        number: The round; what happened since the first model of a later one is left out.
        candidate: The round's model of the active arm.
    """
    rounds = read_round_numbers(store, campaign)
    line = read_past_line(store, campaign, number)
    return Registry(
        line=campaign,
        candidate=candidate,
        state=line.states().get(candidate, "candidate"),
        champion=_read_champion(store, line.champion, rounds),
        decision=_read_decision(store, campaign, candidate),
        history=tuple(
            RegistryChange(
                number=change.number,
                kind=change.kind,
                model_id=change.model_id,
                round=rounds.get(change.model_id),
                champion_id=change.champion_id,
                actor=change.actor,
                reason=change.reason,
                changed_at=write_time(change.changed_at),
            )
            for change in reversed(line.transitions)
        ),
    )


def read_past_line(store: Warehouse, campaign: str, number: int) -> Line:
    """Return a line up to the first change that is about a model of a later round.

    Args:
        store: The warehouse.
        campaign: The line.
        number: The round.
    """
    rounds = read_round_numbers(store, campaign)
    known = takewhile(
        lambda change: rounds.get(change.model_id, number) <= number,
        read_line(store, campaign).transitions,
    )
    return Line(campaign, tuple(known))


def read_round_numbers(store: Warehouse, campaign: str) -> dict[str, int]:
    """Return the number of the round that each model of a campaign was trained after."""
    numbers = {row["round_id"]: row["number"] for row in read_rounds(store, campaign)}
    models = queries.select_models(store)
    pairs = zip(models["model_id"].to_pylist(), models["round_id"].to_pylist(), strict=True)
    return {model_id: numbers[round_id] for model_id, round_id in pairs if round_id in numbers}


def write_time(moment: datetime) -> str:
    """Return a moment as the page shows it.

    Example:
        >>> from datetime import UTC
        >>> write_time(datetime(2026, 5, 4, 6, 7, 59, tzinfo=UTC))
        '2026-05-04 06:07 UTC'
    """
    return f"{moment:%Y-%m-%d %H:%M %Z}"


def _read_champion(
    store: Warehouse, model_id: str | None, rounds: Mapping[str, int]
) -> Champion | None:
    if model_id is None:
        return None
    judged = [
        row
        for row in queries.select_evaluations(store).to_pylist()
        if row["model_id"] == model_id and is_of_curve(row)
    ]
    scores = ("uar", "uar_low", "uar_high")
    return Champion(
        model_id=model_id,
        round=rounds.get(model_id),
        **{name: judged[-1][name] if judged else float("nan") for name in scores},
    )


def _read_decision(store: Warehouse, campaign: str, candidate: str) -> GateDecision | None:
    """Return the newest decision; one model may meet several champions."""
    gates = queries.select_gates(store, line=campaign, model_id=candidate).to_pylist()
    if not gates:
        return None
    gate = max(gates, key=lambda row: (row["decided_at"], row["gate_id"]))
    shared = ("model_id", "champion_id", "is_passed", "clips", "speakers", "truth")
    return GateDecision(
        **{name: gate[name] for name in shared},
        decided_at=write_time(gate["decided_at"]),
        checks=read_checks(store, gate["gate_id"]),
    )
