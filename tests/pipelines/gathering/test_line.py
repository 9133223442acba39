"""The page of a round knows what the registry knew then, and nothing of later rounds."""

from datetime import UTC, datetime, timedelta

import pytest

from pipelines.gathering.line import read_past_line, read_registry, read_round_numbers
from warehouse import Warehouse
from warehouse.testing import make_rows

MORNING = datetime(2026, 5, 4, 6, 7, tzinfo=UTC)


def change(store: Warehouse, *told: tuple[str, str, str | None]) -> None:
    """Append changes of the line `calls`: kind, model, champion from then on."""
    kinds, models, champions = zip(*told, strict=True)
    first = len(read_past_line(store, "calls", 99).transitions)
    store.commit(
        {
            "transitions": make_rows(
                "transitions",
                line=["calls"] * len(told),
                number=[*range(first, first + len(told))],
                kind=kinds,
                model_id=models,
                champion_id=champions,
                gate_id=[f"gate-{model}" for model in models],
                actor=["gate"] * len(told),
                reason=[f"{kind} {model}" for kind, model, _ in told],
                changed_at=[MORNING] * len(told),
            )
        },
        message="changes",
    )


def decide(store: Warehouse, gate_id: str, model: str, *, minutes: int = 0) -> None:
    """Store a decision that fails one of two checks."""
    store.commit(
        {
            "gates": make_rows(
                "gates",
                gate_id=[gate_id],
                line=["calls"],
                model_id=[model],
                champion_id=["m0"],
                truth=["intended"],
                clips=[12],
                speakers=[2],
                decided_at=[MORNING + timedelta(minutes=minutes)],
            ),
            "gate_checks": make_rows(
                "gate_checks",
                gate_id=[gate_id] * 2,
                check_name=["better", "gender=female"],
                is_passed=[True, False],
                metric=["uar"] * 2,
                difference=[0.1, -0.2],
                reason=["better", f"worse in {gate_id}"],
            ),
        },
        message="decision",
    )


def test_before_any_decision_nobody_is_champion(store: Warehouse) -> None:
    """A line that nothing happened in has a candidate and nothing else."""
    found = read_registry(store, "calls", 1, "m1")
    assert (found.line, found.candidate, found.state) == ("calls", "m1", "candidate")
    assert (found.champion, found.decision, found.history) == (None, None, ())


def test_a_later_round_is_not_known(store: Warehouse) -> None:
    """The page of round 1 ends before the first change about a model of round 2."""
    change(store, ("promoted", "m0", "m0"), ("refused", "m1", "m0"), ("promoted", "m2", "m2"))
    then, now = read_registry(store, "calls", 1, "m1"), read_registry(store, "calls", 2, "m2")
    assert (then.state, then.champion.model_id, then.champion.round) == ("refused", "m0", 0)
    assert [row.number for row in then.history] == [1, 0]
    assert (now.state, now.champion.model_id) == ("champion", "m2")
    assert now.last_change.reason == "promoted m2"


def test_a_champion_of_no_round_has_no_number(store: Warehouse) -> None:
    """A model trained by hand may be champion; its changes count at any round."""
    rows = make_rows("models", model_id=["mine"])
    store.commit({"models": rows}, message="by hand")
    change(store, ("promoted", "mine", "mine"))
    found = read_registry(store, "calls", 0, "m0")
    assert (found.champion.model_id, found.champion.round) == ("mine", None)
    assert found.champion.uar != found.champion.uar
    assert "mine" not in read_round_numbers(store, "calls")


def test_the_champion_has_its_score(store: Warehouse) -> None:
    """UAR and interval are those of its evaluation on the test speakers."""
    change(store, ("promoted", "m1", "m1"))
    champion = read_registry(store, "calls", 1, "m1").champion
    assert (champion.uar, champion.uar_low, champion.uar_high) == pytest.approx((0.5, 0.4, 0.6))


def test_the_newest_decision_counts_with_its_checks(store: Warehouse) -> None:
    """A model that met another champion later is told with that decision, failed checks first."""
    decide(store, "gate-late", "m1", minutes=5)
    decide(store, "gate-early", "m1")
    found = read_registry(store, "calls", 1, "m1").decision
    assert [check.check_name for check in found.checks] == ["gender=female", "better"]
    assert [check.reason for check in found.failed] == ["worse in gate-late"]
    assert found.decided_at == "2026-05-04 06:12 UTC"
    assert (found.champion_id, found.clips, found.speakers) == ("m0", 12, 2)
