"""Ask a person whether a model that passed the gate is to be champion."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from prefect.artifacts import create_link_artifact
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from pydantic import Field

from pipelines.errors import PipelineError
from pipelines.gateway.places import report_url
from pipelines.registry.change import TransitionResult, promote, refuse
from pipelines.registry.states import read_line
from pipelines.runner import Row, Runner
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse, queries


class Approval(RunInput):
    """What a person says about a model that passed the gate."""

    approve: bool = Field(False, description="Whether the model becomes champion.")
    name: str = Field(description="Who decides.", min_length=1)
    reason: str = Field("", description="Why, for whoever reads the report later.")


@dataclass(frozen=True)
class ApprovalResult:
    """What came of asking.

    Args:
        gate_id: The decision of the gate.
        model_id: The model.
        outcome: What came of it, in words.
        change: What changed in the line, if anything did.
    """

    gate_id: str
    model_id: str
    outcome: str
    change: TransitionResult | None = None

    def rows(self) -> Sequence[Row]:
        """Return one row."""
        return [{"gate_id": self.gate_id, "model_id": self.model_id, "outcome": self.outcome}]


def approve(run: Runner, *, gate_id: str) -> ApprovalResult:
    """Ask a person whether a model that passed the gate becomes champion, and do what they say.

    The run is suspended until somebody resumes it in Prefect's pages and fills in the form; no
    process waits meanwhile. It ends at once where somebody has decided otherwise.

    Args:
        run: Runs the stages.
        gate_id: The decision of the gate.

    Raises:
        PipelineError: If there is no such decision.
    """
    with open_store(run.settings) as store:
        decision = _require_gate(store, gate_id)
        is_waiting = decision["model_id"] in read_line(store, decision["line"]).waiting
        page = _find_page(run.settings, store, decision["model_id"])
    model_id, line = decision["model_id"], decision["line"]
    if not is_waiting:
        return ApprovalResult(gate_id, model_id, "nobody needs to be asked any more")
    if page is not None:
        create_link_artifact(page, link_text="the report", key="approval", description=model_id)
    question = (
        f"`{model_id}` passed the gate of `{line}`. Shall it become champion"
        f"{' after `' + decision['champion_id'] + '`' if decision['champion_id'] else ''}? "
        + (f"[The report]({page}) says why it passed." if page else "It has no report yet.")
    )
    said = suspend_flow_run(wait_for_input=Approval.with_initial_data(description=question))
    reason = said.reason or ("approved" if said.approve else "not approved")
    stage = promote if said.approve else refuse
    change = run(stage, model_id=model_id, reason=reason, actor=said.name)
    return ApprovalResult(gate_id, model_id, change.sentence(), change)


def _require_gate(store: Warehouse, gate_id: str) -> dict[str, Any]:
    for row in queries.select_gates(store).to_pylist():
        if row["gate_id"] == gate_id:
            found: dict[str, Any] = row
            return found
    raise PipelineError(
        f"the gate has made no decision `{gate_id}`; `serloop gate MODEL` makes one, and prints it"
    )


def _find_page(settings: Settings, store: Warehouse, model_id: str) -> str | None:
    """Return the address of the report of the round that a model was trained after."""
    rounds = {
        model["model_id"]: model["round_id"] for model in queries.select_models(store).to_pylist()
    }
    page = settings.reports / f"{rounds.get(model_id)}.html"
    return report_url(settings, page) if rounds.get(model_id) else None
