"""A real server is told what is to run, and when."""

import json
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import CronSchedule
from prefect.client.schemas.sorting import FlowRunSort
from prefect.settings import PREFECT_API_URL, temporary_settings

from pipelines.deployment.register import RegisterResult, register
from pipelines.errors import PipelineError
from pipelines.settings import Settings

CORPUS = {"ravdess": {"root": "/data/ravdess", "cron": "0 4 * * *"}}
INGEST = "ingest/ravdess"


def make(home: Path, **schedule: object) -> Settings:
    """Return settings with one corpus to look at."""
    return Settings(home=home, schedule={"ingest": CORPUS, **schedule})


def write_template(path: Path) -> None:
    """Write the least that a server takes for a base job template."""
    variables = {"type": "object", "properties": {"image": {"type": "string"}}}
    template = {"job_configuration": {"image": "{{ image }}"}, "variables": variables}
    path.write_text(json.dumps(template), encoding="utf-8")


def changes(result: RegisterResult) -> dict[str, str]:
    """Return what was done, by deployment."""
    return {item.name: item.change for item in result.deployments}


@pytest.fixture
def deployed(client: SyncPrefectClient, tmp_path: Path) -> Settings:
    """Deploy once."""
    assert client.api_healthcheck() is None
    settings = make(tmp_path)
    register(settings)
    return settings


def test_again_changes_nothing(deployed: Settings, client: SyncPrefectClient) -> None:
    """Neither deployments nor their ids; five of them are there."""
    before = client.read_deployment_by_name(INGEST)
    again = register(deployed)
    assert set(changes(again).values()) == {"unchanged"}
    assert len(again.deployments) == 5
    after = client.read_deployment_by_name(INGEST)
    assert (after.id, after.updated) == (before.id, before.updated)


def test_a_deployment_runs_where_and_when_it_should(
    deployed: Settings, client: SyncPrefectClient
) -> None:
    """In our pool, on its clock, where `serloop.toml` lies, with the home of whoever deployed."""
    found = client.read_deployment_by_name(INGEST)
    assert found.work_pool_name == "serloop"
    (step,) = found.pull_steps
    assert [*step.values()] == [{"directory": str(Path.cwd())}]
    assert found.parameters == {
        "corpus": "ravdess",
        "root": "/data/ravdess",
        "home": str(deployed.home),
    }
    (schedule,) = found.schedules
    assert (schedule.schedule.cron, schedule.schedule.timezone) == ("0 4 * * *", "UTC")
    assert client.read_work_pool("serloop").type == "process"
    assert client.read_global_concurrency_limit_by_name("serloop-round").limit == 1


@pytest.mark.usefixtures("deployed")
def test_the_form_describes_each_parameter(client: SyncPrefectClient) -> None:
    """With a type and a sentence; wrong ones are refused before a run begins."""
    schema = client.read_deployment_by_name(INGEST).parameter_openapi_schema
    assert schema["required"] == ["corpus", "root"]
    assert schema["properties"]["root"]["format"] == "path"
    assert set(schema["properties"]) == {"corpus", "root", "name", "classes", "home", "options"}
    assert all(item["description"] for item in schema["properties"].values())


def test_what_a_person_paused_or_added_stays(deployed: Settings, client: SyncPrefectClient) -> None:
    """Also when the plan has changed meanwhile."""
    found = client.read_deployment_by_name(INGEST)
    client.update_deployment_schedule(found.id, found.schedules[0].id, active=False)
    other = CronSchedule(cron="0 12 * * 6", timezone="UTC")
    client.create_deployment_schedules(
        found.id, [DeploymentScheduleCreate(schedule=other, slug="saturday")]
    )
    client.pause_deployment(client.read_deployment_by_name("maintain/nightly").id)
    later = make(deployed.home, maintain="0 5 * * *", time_zone="Europe/Berlin")
    told = {item.name: item for item in register(later).deployments}
    assert (told[INGEST].change, told[INGEST].is_paused) == ("changed", True)
    assert told["maintain/nightly"].is_paused
    schedules = client.read_deployment_by_name(INGEST).schedules
    assert {
        (item.slug, item.active, item.schedule.cron, item.schedule.timezone) for item in schedules
    } == {
        ("serloop", False, "0 4 * * *", "Europe/Berlin"),
        ("saturday", True, "0 12 * * 6", "UTC"),
    }
    assert client.read_deployment_by_name("maintain/nightly").paused


def test_what_is_no_longer_planned_is_removed(
    deployed: Settings, client: SyncPrefectClient
) -> None:
    """Of ours; what somebody else deployed stays."""
    flow_id = client.create_flow_from_name("theirs")
    client.create_deployment(flow_id=flow_id, name="own")
    told = changes(register(Settings(home=deployed.home)))
    assert told[INGEST] == "removed"
    assert INGEST not in changes(register(Settings(home=deployed.home)))
    assert client.read_deployment_by_name("theirs/own").name == "own"


def test_another_home_does_not_take_a_server_over(deployed: Settings, tmp_path: Path) -> None:
    """Unless the home that was there is gone."""
    with pytest.raises(PipelineError, match="runs the home"):
        register(make(tmp_path / "other"))
    deployed.home.rename(tmp_path.with_name("moved"))
    told = register(make(tmp_path.with_name("moved")))
    assert set(changes(told).values()) == {"changed"}


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ({"maintain": "at night"}, "`at night`.*`maintain/nightly`.*Invalid cron"),
        ({"time_zone": "Europe/Bonn"}, "`Europe/Bonn`.*Invalid timezone"),
    ],
    ids=["cron", "zone"],
)
def test_a_schedule_that_is_none_is_refused(
    tmp_path: Path, schedule: dict[str, str], message: str
) -> None:
    """With what it belongs to and an example."""
    with pytest.raises(PipelineError, match=f"(?s){message}.*Europe/Berlin"):
        register(Settings(home=tmp_path, schedule=schedule))


@pytest.mark.usefixtures("client")
def test_pools_of_containers_need_a_template(tmp_path: Path) -> None:
    """And a pool of one type is not taken for another."""
    settings = Settings(home=tmp_path)
    with pytest.raises(PipelineError, match=r"needs a base job template.*docker\.json"):
        register(settings, work_pool="containers", pool_type="docker")
    write_template(tmp_path / "docker.json")
    register(
        settings, work_pool="containers", pool_type="docker", template=tmp_path / "docker.json"
    )
    with pytest.raises(PipelineError, match="`containers` is of type `docker`, not `process`"):
        register(settings, work_pool="containers")


def test_a_container_knows_its_own_home(client: SyncPrefectClient, tmp_path: Path) -> None:
    """No path of this machine is told to it."""
    template = tmp_path / "docker.json"
    write_template(template)
    register(make(tmp_path), work_pool="boxes", pool_type="docker", template=template)
    found = client.read_deployment_by_name(INGEST)
    assert str(Path.cwd()) not in found.model_dump_json()
    assert "home" not in found.parameters


def test_without_a_server_nothing_is_deployed(tmp_path: Path) -> None:
    """Prefect's temporary server would forget it."""
    with (
        temporary_settings(restore_defaults={PREFECT_API_URL}),
        pytest.raises(PipelineError, match="serloop up"),
    ):
        register(Settings(home=tmp_path))
    with pytest.raises(PipelineError, match=r"http://127\.0\.0\.1:9/api does not answer"):
        register(Settings(home=tmp_path), api_url="http://127.0.0.1:9/api")


@pytest.mark.usefixtures("deployed")
def test_the_server_plans_runs(client: SyncPrefectClient) -> None:
    """Each schedule makes runs: a release of what Prefect stores things with has broken this."""
    found = client.read_deployment_by_name(INGEST)
    # What the server's scheduler does by itself; servers of tests have none.
    client.request("POST", f"/deployments/{found.id}/schedule", json={"min_runs": 2})
    runs = client.read_flow_runs(limit=200, sort=FlowRunSort.ID_DESC)
    planned = [run for run in runs if run.deployment_id == found.id and run.auto_scheduled]
    assert {run.expected_start_time.hour for run in planned} == {4}
    assert all(run.state.is_scheduled() for run in planned)
