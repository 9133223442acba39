"""Gate: a candidate meets the champion of its line, and replaces it, or is refused with reasons."""

from pathlib import Path
from typing import Any

from pipelines.clipset import INTENDED
from pipelines.errors import PipelineError
from pipelines.gate.decide import decide
from pipelines.gate.naming import limits_of, name_gate
from pipelines.gate.records import Decision, GateResult, Verdict
from pipelines.gate.stored import decision_rows, find_decision
from pipelines.models import require_model
from pipelines.progress import Progress
from pipelines.registry.append import Change, append_change
from pipelines.registry.lines import line_of
from pipelines.registry.mirror import mirror_line
from pipelines.registry.states import Line, read_line
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse, queries

GATE = "gate"
MOST_CHAMPIONS = 5


class _OvertakenError(Exception):
    """The champion that was met is champion no more."""


def gate(
    settings: Settings, progress: Progress, *, model_id: str, truth: str = INTENDED
) -> GateResult:
    """Decide whether a model may replace the champion of its line, and do it where it may.

    Both are compared on the test clips that both were kept from: whether the candidate is better,
    is as well calibrated, as good for every group of speakers and sounds, and as good under noise
    and other levels. Where the line has no champion, the candidate is held to guessing. What is
    controlled and what is not is told in `pipelines.gate.checks`.

    The decision, its reasons and what follows from it become visible together. Nothing is decided
    twice: a second call with the same models, truth and limits returns what was decided.

    Args:
        settings: Limits of the gate, who approves, and where warehouse and weights are.
        progress: Where progress is shown.
        model_id: The candidate; it and the champion must have been evaluated.
        truth: `intended` for the corpus's own labels, or the id of a consensus run.

    Returns:
        The decision: the model is champion, refused, or waits for a person.

    Raises:
        PipelineError: If the model is unknown or predicts ratings alone, the truth is in other
            classes, or champions change faster than they can be met.
        NothingToDoError: If one was not evaluated, or no clip has a decided label.
    """
    with open_store(settings) as store:
        model = require_model(store, model_id)
        name, page = line_of(store, model), _find_page(settings, store, model)
        for _ in range(MOST_CHAMPIONS):
            line = read_line(store, name)
            if line.champion == model_id:
                return _tell_champion(store, line, page)
            limits = limits_of(settings)
            gate_id = name_gate(name, model_id, line.champion, truth=truth, limits=limits)
            known = find_decision(store, model_id, gate_id)
            decision = known or decide(
                store,
                settings,
                progress,
                line=name,
                model_id=model_id,
                champion_id=line.champion,
                truth=truth,
            )
            try:
                return _act(settings, store, decision, page)
            except _OvertakenError:
                continue
    raise PipelineError(
        f"line `{name}` had {MOST_CHAMPIONS} champions while `{model_id}` was at the gate; run it "
        "again when nobody promotes"
    )


def _act(settings: Settings, store: Warehouse, decision: Decision, page: str | None) -> GateResult:
    """Do what follows from a decision, once."""
    is_waiting = decision.is_passed and settings.gate.approval == "human"

    def follow(line: Line) -> Change | None:
        if any(change.gate_id == decision.gate_id for change in line.transitions):
            return None
        if line.champion != decision.champion_id:
            raise _OvertakenError
        kind: Verdict = "refused"
        if decision.is_passed:
            kind = "waiting" if is_waiting else "promoted"
        return Change(
            kind=kind,
            model_id=decision.model_id,
            champion_id=decision.model_id if kind == "promoted" else line.champion,
            gate_id=decision.gate_id,
            actor=GATE,
            reason=decision.reason,
        )

    made = append_change(store, decision.line, follow, decision_rows(decision))
    line = read_line(store, decision.line)
    if made is not None:
        mirror_line(settings, store, line.name)
    return _result(decision, line, page, is_new=made is not None)


def _result(decision: Decision, line: Line, page: str | None, *, is_new: bool) -> GateResult:
    kinds = [change.kind for change in line.transitions if change.gate_id == decision.gate_id]
    states: dict[str, Verdict] = {"waiting": "waiting", "promoted": "promoted"}
    return GateResult(
        gate_id=decision.gate_id,
        line=decision.line,
        model_id=decision.model_id,
        champion_id=decision.champion_id,
        is_passed=decision.is_passed,
        state=states.get(kinds[-1], "refused"),
        checks=decision.checks,
        reason=decision.reason,
        clips=decision.clips,
        speakers=decision.speakers,
        is_new=is_new,
        page=page,
    )


def _tell_champion(store: Warehouse, line: Line, page: str | None) -> GateResult:
    """Return why the champion is champion: it meets nobody."""
    model_id = str(line.champion)
    made = [
        change
        for change in line.transitions
        if (change.kind, change.model_id) == ("promoted", model_id)
    ][-1]
    decision = made.gate_id and find_decision(store, model_id, made.gate_id)
    if decision:
        return _result(decision, line, page, is_new=False)
    return GateResult(
        gate_id=None,
        line=line.name,
        model_id=model_id,
        champion_id=None,
        is_passed=False,
        state="promoted",
        checks=(),
        reason=f"by word of {made.actor}: {made.reason}",
        clips=0,
        speakers=0,
        is_new=False,
        page=page,
    )


def _find_page(settings: Settings, store: Warehouse, model: dict[str, Any]) -> str | None:
    """Return the page of the round that a model was trained after, where it was written."""
    from pipelines.round_report import report_path  # noqa: PLC0415 - it loads much

    rounds = queries.select_rounds(store).to_pylist()
    of_model = [row for row in rounds if row["round_id"] == model["round_id"]]
    for row in of_model:
        path: Path = report_path(settings, row["campaign"], row["number"])
        if path.is_file():
            return str(path)
    return None
