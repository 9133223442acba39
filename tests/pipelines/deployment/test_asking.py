"""What passes the gate asks a person by itself, once, and what they say is done."""

from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.flow_runs import resume_flow_run

from pipelines.deployment.register import register
from pipelines.evaluate import evaluate
from pipelines.flows import FLOWS
from pipelines.progress import SilentProgress
from pipelines.registry.change import promote
from pipelines.registry.states import champion_of, read_line
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.workspace import open_store
from tests.pipelines.deployment.test_approval import work
from tests.pipelines.deployment.test_trigger import started
from tests.pipelines.places import Trained, borrow

SILENT = SilentProgress()
LINE = "synthetic"
# What anybody passes against a champion.
LENIENT = {"FALSE_PROMOTION": 0.5, "MARGIN": -1, "CALIBRATION": 1, "GROUP": 1, "ROBUSTNESS": 1}


@pytest.fixture(scope="module")
def rivals(trained_once: Trained, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Return a home with a champion, and another model that was evaluated on the same clips."""
    settings = borrow(trained_once.settings, tmp_path_factory.mktemp("rivals"))
    promote(
        settings, SILENT, model_id=trained_once.model_id, force=True, reason="first", actor="ann"
    )
    training = settings.training.model_copy(update={"seed": 1})
    seeded = settings.model_copy(update={"training": training})
    model_id = train(seeded, SILENT, corpus=LINE).model_id
    evaluate(settings, SILENT, model_id=model_id)
    return Trained(settings, model_id)


@pytest.fixture
def home(rivals: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return a copy whose gate lets pass and has a person approve, as every worker is told."""
    settings = borrow(rivals.settings, tmp_path / "home")
    monkeypatch.setenv("SERLOOP_WAREHOUSE__CATALOG", settings.catalog)
    monkeypatch.setenv("SERLOOP_WAREHOUSE__DATA_PATH", settings.data_path)
    monkeypatch.setenv("SERLOOP_GATE__APPROVAL", "human")
    for name, limit in LENIENT.items():
        monkeypatch.setenv(f"SERLOOP_GATE__{name}", str(limit))
    return settings


@pytest.mark.parametrize("is_approved", [True, False], ids=["approved", "not approved"])
def test_a_gate_that_waits_asks_once_and_does_what_is_said(
    client: SyncPrefectClient,
    home: Settings,
    rivals: Trained,
    is_approved: bool,
) -> None:
    """One suspended run with the form, however often the gate is asked; then its answer stands."""
    register(home)
    for _ in range(2):
        found = FLOWS["gate"](model_id=rivals.model_id, home=home.home)
        assert found.state == "waiting"
    (asked,) = started(client, "approve/human")
    assert asked == {"gate_id": found.gate_id, "home": str(home.home)}
    run = work(client)
    assert run.state.name == "Suspended"
    form = run.state.state_details.run_input_keyset["schema"]
    schema = client.request("GET", f"/flow_runs/{run.id}/input/{form}").json()
    assert {"approve", "name", "reason"} <= set(schema["properties"])
    answer = {"approve": is_approved, "name": "Ann", "reason": "heard it"}
    resume_flow_run(run.id, run_input=answer)
    assert work(client).state.is_completed()
    with open_store(home) as store:
        last = read_line(store, LINE).transitions[-1]
        assert (champion_of(store, LINE) == rivals.model_id) is is_approved
    kind = "promoted" if is_approved else "refused"
    assert (last.kind, last.model_id, last.actor, last.reason) == (
        kind,
        rivals.model_id,
        "Ann",
        "heard it",
    )
    assert FLOWS["gate"](model_id=rivals.model_id, home=home.home).state == kind
    assert len(started(client, "approve/human")) == 1
