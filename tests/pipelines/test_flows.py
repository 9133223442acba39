"""Stages and compositions as Prefect flows, on a real server of their own."""

import inspect
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort
from prefect.logging.handlers import APILogWorker
from prefect.settings import PREFECT_SERVER_DATABASE_CONNECTION_URL
from prefect.testing.utilities import prefect_test_harness
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.deployment.plan import ROUND_LIMIT
from pipelines.deployment.turn import take_turn
from pipelines.errors import PipelineError
from pipelines.flows import COMPOSITIONS, FLOWS, STAGES
from pipelines.models import require_model
from pipelines.prefect_runner import PrefectRunner
from pipelines.progress import SilentProgress
from pipelines.runner import DirectRunner, Event, Link
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.end_to_end.runs import fingerprint
from tests.pipelines.places import borrow
from warehouse import ContentionError, WarehouseError

SECRET = "hunter2-is-no-secret"  # noqa: S105 - it must not be found anywhere


@dataclass(frozen=True)
class Told:
    """What a made-up stage returns."""

    tries: int

    def rows(self) -> list[dict[str, int]]:
        """Return one row."""
        return [{"tries": self.tries}]


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    """Run a Prefect server, and return its database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
        with prefect_test_harness(server_startup_timeout=120):
            address = str(PREFECT_SERVER_DATABASE_CONNECTION_URL.value())
            yield Path(address.partition("///")[2])


def point(patch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Let flows, which read their settings where they run, read these."""
    for name in ("training", "rounds", "compute"):
        section = getattr(settings, name)
        patch.setenv(f"SERLOOP_{name}".upper(), section.model_dump_json(exclude_none=True))
    patch.setenv("SERLOOP_WAREHOUSE__CATALOG", settings.catalog)
    patch.setenv("SERLOOP_WAREHOUSE__DATA_PATH", settings.data_path)
    patch.setenv("SERLOOP_WAREHOUSE__S3_SECRET_KEY", SECRET)


@pytest.fixture(scope="module")
def played(
    server: Path,
    ingested_once: Settings,
    synthetic_root: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Settings:
    """Run the demo's seed and then a round as flows; for reading only."""
    assert server.is_file()
    settings = borrow(ingested_once, tmp_path_factory.mktemp("flows"))
    with pytest.MonkeyPatch.context() as patch:
        point(patch, settings)
        FLOWS["demo"](corpus="synthetic", data=synthetic_root, rounds=0, home=settings.home)
        FLOWS["run_round"](corpus="synthetic", simulate=True, home=settings.home)
    return settings


def everything(database: Path) -> str:
    """Return all that the server has stored, as text."""
    APILogWorker.instance().drain()
    with closing(sqlite3.connect(database)) as connection:
        return "\n".join(connection.iterdump())


def runs() -> list[FlowRun]:
    """Return every flow run the server knows."""
    with get_client(sync_client=True) as client:
        return client.read_flow_runs(limit=200, sort=FlowRunSort.ID_DESC)


def artifacts() -> dict[str, dict[str, object]]:
    """Return the latest artifact of every key."""
    with get_client(sync_client=True) as client:
        # The client's own method sends nulls that the server refuses.
        wanted = {"limit": 200, "sort": "CREATED_DESC"}
        found = client.request("POST", "/artifacts/filter", json=wanted).json()
    return {artifact["key"]: artifact for artifact in reversed(found)}


def events(name: str) -> list[dict[str, object]]:
    """Return the events of a name, as soon as there are any."""
    wanted = {"filter": {"event": {"name": [name]}}, "limit": 50}
    deadline = time.monotonic() + 60
    with get_client(sync_client=True) as client:
        while time.monotonic() < deadline:
            found = client.request("POST", "/events/filter", json=wanted).json()["events"]
            if found:
                return found
            time.sleep(0.2)
    return []


@pytest.mark.parametrize("function", [*STAGES, *COMPOSITIONS], ids=lambda item: item.__name__)
def test_a_flow_has_the_parameters_of_its_function(function) -> None:
    """Prefect's form shows the function's own typed parameters, the home, and settings."""
    made = FLOWS[function.__name__]
    own = list(inspect.signature(function, eval_str=True).parameters.values())
    own = own[2:] if function in STAGES else own[1:]
    given = inspect.signature(made.fn).parameters
    assert [(item.name, item.annotation, item.default) for item in own] == [
        (item.name, item.annotation, item.default) for item in list(given.values())[: len(own)]
    ]
    assert list(given)[len(own) :] == ["home", "options"]
    assert set(made.parameters.properties) == set(given)
    assert set(made.parameters.required) == {
        item.name for item in own if item.default is inspect.Parameter.empty
    }


def test_flows_describe_themselves() -> None:
    """A flow carries the docstring of its function, and a name with dashes."""
    assert FLOWS["import_votes"].name == "import-votes"
    assert all(made.description for made in FLOWS.values())


def test_flows_make_the_rows_of_direct_runs(played: Settings, campaign_once) -> None:
    """One composition, two ways to run it: equal seeds give equal rows, column by column."""
    with open_store(played) as store:
        snapshot = store.snapshot
    assert fingerprint(played) == fingerprint(campaign_once.settings, snapshot=snapshot)


@pytest.mark.usefixtures("played")
def test_runs_have_readable_names() -> None:
    """Two runs of one flow are told apart at a glance."""
    assert {"demo-synthetic", "round-synthetic"} <= {run.name for run in runs()}


@pytest.mark.usefixtures("played")
def test_every_stage_leaves_its_table() -> None:
    """What a person would see in the terminal is in the UI."""
    found = artifacts()
    stages = {"ingest", "acquire", "answer", "aggregate", "train", "evaluate", "score", "report"}
    assert stages <= found.keys()
    assert {found[name]["type"] for name in stages} == {"table"}
    (row,) = json.loads(found["acquire"]["data"])
    assert row["round_id"] == "synthetic-001"


@pytest.mark.usefixtures("played")
def test_progress_ends_full() -> None:
    """Long work shows how far it is, and is full when it is done."""
    found = artifacts()
    bars = {key: item["data"] for key, item in found.items() if item["type"] == "progress"}
    assert {"ingest-synthetic", "score-the-pool", "write-report"} <= bars.keys()
    assert set(bars.values()) == {100.0}


def test_no_secret_reaches_the_server(server: Path, played: Settings) -> None:
    """Neither parameters nor logs nor artifacts hold what the settings keep secret."""
    stored = everything(server)
    assert str(played.home) in stored
    assert SECRET not in stored


@pytest.mark.usefixtures("server")
def test_a_failing_stage_fails_its_flow(ingested_once: Settings, monkeypatch) -> None:
    """The run is red, its message is the stage's, and it was tried once."""
    point(monkeypatch, ingested_once)
    with pytest.raises(PipelineError, match="no model `nobody`"):
        FLOWS["evaluate"](model_id="nobody", home=ingested_once.home)
    (run,) = [run for run in runs() if run.name == "evaluate-nobody"]
    assert run.state.is_failed()
    assert "no model `nobody`" in run.state.message


def test_a_password_in_the_catalog_stays_secret(server: Path, monkeypatch, tmp_path: Path) -> None:
    """A database that does not answer is reported without the password to it."""
    address = f"postgresql://serloop:{SECRET}@127.0.0.1:9/lake"
    monkeypatch.setenv("SERLOOP_WAREHOUSE__CATALOG", address)
    with pytest.raises(WarehouseError, match=r"127\.0\.0\.1"):
        FLOWS["score"](model_id="unreachable", home=tmp_path)
    stored = everything(server)
    assert "cannot attach the lake" in stored
    assert SECRET not in stored


@pytest.mark.usefixtures("server")
def test_the_state_of_a_failed_run_names_the_stage(ingested_once: Settings, monkeypatch) -> None:
    """Whoever looks at a list of red runs sees what failed, where, and what to do about it."""
    point(monkeypatch, ingested_once)
    with pytest.raises(PipelineError):
        FLOWS["evaluate"](model_id="unknown", home=ingested_once.home)
    (run,) = [run for run in runs() if run.name == "evaluate-unknown"]
    assert run.state.message.startswith("PipelineError: no model `unknown`")
    assert "`serloop train`" in run.state.message
    assert run.state.message.endswith("in stage `evaluate`")


@pytest.mark.usefixtures("server")
def test_one_round_is_made_at_a_time(settings: Settings, monkeypatch) -> None:
    """Who looks for due rounds meanwhile does not wait, and the place is free afterwards."""
    point(monkeypatch, settings)
    with get_client(sync_client=True) as client:
        client.upsert_global_concurrency_limit_by_name(ROUND_LIMIT, 1)
    look = partial(FLOWS["run_due_rounds"], home=settings.home)

    @flow
    def busy() -> None:
        with take_turn(patience_s=None) as is_ours:
            assert is_ours
            # Whoever waited here would wait for this flow.
            assert look().rows() == []

    busy()
    assert look().rows() == []
    with get_client(sync_client=True) as client:
        assert client.read_global_concurrency_limit_by_name(ROUND_LIMIT).active_slots == 0


@pytest.mark.usefixtures("server")
def test_pages_and_events_reach_the_server(settings: Settings) -> None:
    """A stage's page is linked to where the gateway serves it; others may act on its events."""
    page = settings.reports / "demo-001.html"

    @dataclass(frozen=True)
    class Shown(Told):
        def links(self) -> list[Link]:
            return [Link("the page", str(page))]

        def events(self) -> list[Event]:
            return [Event("serloop.test.shown", "serloop.model.demo", {"uar": 0.5})]

    def show(_settings, _progress) -> Shown:
        """Show something."""
        return Shown(1)

    @flow
    def once() -> None:
        PrefectRunner(settings)(show)

    once()
    assert "http://127.0.0.1:18090/reports/demo-001.html" in str(artifacts()["show-page"]["data"])
    (sent,) = events("serloop.test.shown")
    assert sent["resource"]["prefect.resource.id"] == "serloop.model.demo"
    assert sent["payload"] == {"uar": 0.5}


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("error", "tries"), [(ContentionError("busy"), 2), (WarehouseError("damaged"), 1)], ids=str
)
def test_only_a_transient_failure_is_tried_again(
    settings: Settings, error: Exception, tries: int
) -> None:
    """A busy catalog is asked again after a while; anything else fails at once."""
    tried = []

    def stage(settings, _progress) -> Told:
        """Fail the first time."""
        tried.append(settings)
        if len(tried) == 1:
            raise error
        return Told(len(tried))

    @flow
    def once() -> int:
        return PrefectRunner(settings)(stage).tries

    if tries == 1:
        with pytest.raises(type(error), match=str(error)):
            once()
    else:
        assert once() == tries
    assert len(tried) == tries


@pytest.mark.usefixtures("server")
def test_a_runner_may_be_either(settings: Settings) -> None:
    """A composition gets the same result from both runners."""

    def stage(_settings, progress, *, tries: int) -> Told:
        """Say what was passed."""
        with progress.track("count", tries, "tries") as advance:
            advance(tries)
        return Told(tries)

    @flow
    def composed() -> Told:
        return PrefectRunner(settings)(stage, tries=3)

    assert composed() == DirectRunner(settings, SilentProgress())(stage, tries=3)
    assert artifacts()["count"]["data"] == 100.0


@pytest.mark.usefixtures("server")
def test_options_of_the_command_line_reach_the_flow(
    ingested: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--prefect` changes where a verb runs and not what it does."""
    point(monkeypatch, ingested)
    command = ["train", "synthetic", "--seed", "7", "--home", str(ingested.home), "--prefect"]
    result = CliRunner().invoke(app, [*command, "--json"])
    assert result.exit_code == 0, result.output
    with open_store(ingested) as store:
        (model_id,) = store.query("select_models")["model_id"].to_pylist()
        assert require_model(store, model_id)["seed"] == 7
