"""A person decides about what passed the gate, in a form of Prefect's."""

from contextlib import suppress
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import Pause
from prefect.flow_engine import run_flow
from prefect.flow_runs import resume_flow_run

from pipelines.deployment.register import register
from pipelines.deployment.trigger import start_approval
from pipelines.errors import PipelineError
from pipelines.flows import FLOWS
from pipelines.registry.append import Change, append_change
from pipelines.registry.states import read_line
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse.testing import make_rows

GATE = "gate-1"


@pytest.fixture
def waiting(tmp_path: Path) -> Settings:
    """Return a home in which a model passed the gate and waits."""
    settings = Settings(home=tmp_path)
    models = make_rows(
        "models", model_id=["m1"], round_id=["calls-000"], config=['{"corpus": "calls"}']
    )
    rounds = make_rows("rounds", round_id=["calls-000"], campaign=["calls"], number=[0])
    gates = make_rows(
        "gates",
        gate_id=[GATE],
        line=["calls"],
        model_id=["m1"],
        champion_id=[None],
        is_passed=[True],
    )
    with open_store(settings) as store:
        store.commit({"models": models, "rounds": rounds, "gates": gates}, message="passed")
        change = Change("waiting", "m1", None, GATE, "gate", "it is better")
        append_change(store, "calls", lambda _: change)
    return settings


def work(client: SyncPrefectClient) -> FlowRun:
    """Run the approval that waits to be run, as a worker would, and return how it ended."""
    deployment = client.read_deployment_by_name("approve/human")
    runs = client.read_flow_runs(limit=200, sort=FlowRunSort.ID_DESC)
    (run,) = [run for run in runs if run.deployment_id == deployment.id]
    with suppress(Pause):
        run_flow(FLOWS["approve"], flow_run=run, parameters=run.parameters, return_type="state")
    return client.read_flow_run(run.id)


def test_a_run_waits_for_a_form_and_does_what_it_says(
    client: SyncPrefectClient, waiting: Settings
) -> None:
    """Suspended, no process waits; the question links to the report, and the answer is kept."""
    register(waiting)
    start_approval(waiting, GATE)
    run = work(client)
    assert run.state.name == "Suspended"
    keys = run.state.state_details.run_input_keyset
    question = client.request("GET", f"/flow_runs/{run.id}/input/{keys['description']}").json()
    assert "`m1` passed the gate of `calls`" in question
    assert "/reports/calls-000.html" in question
    resume_flow_run(run.id, run_input={"approve": False, "name": "Ann", "reason": "too few"})
    assert work(client).state.is_completed()
    with open_store(waiting) as store:
        last = read_line(store, "calls").transitions[-1]
    assert (last.kind, last.actor, last.reason) == ("refused", "Ann", "too few")


@pytest.mark.usefixtures("client")
def test_nobody_is_asked_about_what_is_decided(waiting: Settings) -> None:
    """Somebody may have promoted or refused it at the command line."""
    with open_store(waiting) as store:
        change = Change("refused", "m1", None, GATE, "ann", "no")
        append_change(store, "calls", lambda _: change)
    said = FLOWS["approve"](gate_id=GATE, home=waiting.home)
    assert said.outcome == "nobody needs to be asked any more"


@pytest.mark.usefixtures("client")
def test_an_unknown_decision_is_told(waiting: Settings) -> None:
    """With how decisions are made."""
    with pytest.raises(PipelineError, match="no decision `gate-9`"):
        FLOWS["approve"](gate_id="gate-9", home=waiting.home)
