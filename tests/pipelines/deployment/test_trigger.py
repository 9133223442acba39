"""A server is asked once to do what is due."""

from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.sorting import FlowRunSort

from pipelines.deployment.due import DueRound
from pipelines.deployment.register import register
from pipelines.deployment.trigger import start_approval, start_due_round
from pipelines.settings import Settings

DUE = DueRound("calls", "calls", 3, 120, "120 new votes; 100 are enough")


def started(client: SyncPrefectClient, name: str) -> list[dict[str, object]]:
    """Return the parameters of the runs that somebody started."""
    runs = client.read_flow_runs(limit=200, sort=FlowRunSort.ID_DESC)
    deployment = client.read_deployment_by_name(name)
    return [
        run.parameters
        for run in runs
        if run.deployment_id == deployment.id and not run.auto_scheduled
    ]


def test_a_due_round_is_started_once(client: SyncPrefectClient, tmp_path: Path) -> None:
    """However often the gateway finds that it is due, and however many votes come meanwhile."""
    settings = Settings(home=tmp_path)
    register(settings)
    names = {
        start_due_round(settings, DUE),
        start_due_round(settings, DUE),
        start_due_round(settings, DueRound("calls", "calls", 3, 121, "")),
    }
    assert len(names) == 1
    (parameters,) = started(client, "due-rounds/scheduled")
    assert parameters == {"campaign": "calls", "home": str(tmp_path)}


def test_approval_is_asked_for_once(client: SyncPrefectClient, tmp_path: Path) -> None:
    """Each decision of the gate has one run that waits for somebody."""
    settings = Settings(home=tmp_path)
    register(settings)
    assert start_approval(settings, "gate-1") == start_approval(settings, "gate-1")
    assert start_approval(settings, "gate-2") is not None
    asked = {item["gate_id"] for item in started(client, "approve/human")}
    assert asked == {"gate-1", "gate-2"}


@pytest.mark.usefixtures("client")
def test_a_server_without_our_deployments_starts_nothing(tmp_path: Path) -> None:
    """Neither one that has none nor one that runs another home."""
    settings = Settings(home=tmp_path)
    assert start_due_round(settings, DUE) is None
    register(settings)
    assert start_due_round(Settings(home=tmp_path / "other"), DUE) is None
