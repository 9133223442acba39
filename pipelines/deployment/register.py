"""Tell a Prefect server what is to run, and when."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.sorting import DeploymentSort
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, temporary_settings

from pipelines.deployment.due import read_campaigns
from pipelines.deployment.plan import ROUND_LIMIT, Deployment, plan_deployments
from pipelines.deployment.pools import PoolType, ensure_pool
from pipelines.deployment.schedules import build_schedule, describe_schedule
from pipelines.errors import PipelineError
from pipelines.flows import FLOWS
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.stack.places import POOL

TAG = "serloop"
"""What is ours, and may be removed."""

Change = Literal["made", "changed", "unchanged", "removed"]
MOST = 200
CHANGE_FOLDER = "prefect.deployments.steps.set_working_directory"


@dataclass(frozen=True)
class Registered:
    """One deployment, and what had to be done about it.

    Args:
        name: The deployment, such as `ingest/ravdess`.
        change: What had to be done.
        schedule: When it runs by itself, in words.
        is_paused: Whether somebody has paused it, or its schedule.
    """

    name: str
    change: Change
    schedule: str = ""
    is_paused: bool = False


@dataclass(frozen=True)
class RegisterResult:
    """What a server was told.

    Args:
        api_url: Address of its API.
        work_pool: Where its workers look for work.
        deployments: All that were planned, and those that were removed.
    """

    api_url: str
    work_pool: str
    deployments: tuple[Registered, ...]

    def rows(self) -> Sequence[Row]:
        """Return one row per deployment."""
        return [
            {
                "deployment": item.name,
                "change": item.change,
                "runs": item.schedule,
                "paused": "paused" if item.is_paused else "",
            }
            for item in self.deployments
        ]


def register(
    settings: Settings,
    *,
    work_pool: str = POOL,
    pool_type: PoolType = "process",
    template: Path | None = None,
    api_url: str | None = None,
) -> RegisterResult:
    """Bring the deployments of a server in line with the settings; doing it again changes nothing.

    What a person paused stays paused, and schedules that a person added stay. A deployment of ours
    that is no longer planned is removed. Runs that are going on are left alone.

    Args:
        settings: `schedule`, and the home that runs on this machine write to.
        work_pool: Where workers look for work; made if it is missing.
        pool_type: How a worker of it runs a flow: in a process, a container or a cluster.
        template: Base job template of a pool that is made, as JSON.
        api_url: Address of the server's API; default: PREFECT_API_URL.

    Raises:
        PipelineError: If there is no server, it does not answer or refuses, a schedule is none, or
            another home of this machine has its deployments there.
    """
    with connect(api_url) as (client, url):
        _refuse_other_home(client, settings)
        planned = plan_deployments(settings, read_campaigns(settings))
        ensure_pool(client, work_pool, pool_type, template)
        client.upsert_global_concurrency_limit_by_name(ROUND_LIMIT, 1)
        known = _read_known(client)
        shared = _shared(settings, work_pool, pool_type)
        done = [_ensure(client, item, known.pop(item.full_name, None), shared) for item in planned]
        for name, stray in known.items():
            client.delete_deployment(stray.id)
            done.append(Registered(name, "removed"))
        return RegisterResult(url, work_pool, tuple(done))


@contextmanager
def connect(api_url: str | None = None) -> Iterator[tuple[SyncPrefectClient, str]]:
    """Speak with a server; never with a temporary one, which would forget what it is told.

    Args:
        api_url: Address of its API; default: PREFECT_API_URL.

    Yields:
        The client, and the address.

    Raises:
        PipelineError: If there is none, or it does not answer, or refuses something.
    """
    url = api_url or PREFECT_API_URL.value()
    if not url:
        raise PipelineError(
            "no Prefect server to deploy to; start one with `serloop up`, or set PREFECT_API_URL"
        )
    with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as client:
        problem = client.api_healthcheck()
        if problem is not None:
            raise PipelineError(
                f"Prefect's server at {url} does not answer: {problem}; start it, or set "
                "PREFECT_API_URL to another"
            )
        try:
            yield client, url
        except PrefectHTTPStatusError as error:
            raise PipelineError(f"Prefect's server at {url} refuses: {error}") from error


def _read_known(client: SyncPrefectClient) -> dict[str, DeploymentResponse]:
    ours = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))
    found: list[DeploymentResponse] = []
    # Without an order its own client sends one that the server refuses.
    while page := client.read_deployments(
        deployment_filter=ours, limit=MOST, offset=len(found), sort=DeploymentSort.NAME_ASC
    ):
        found += page
    flows = {item.flow_id: client.read_flow(item.flow_id).name for item in found}
    return {f"{flows[item.flow_id]}/{item.name}": item for item in found}


def _refuse_other_home(client: SyncPrefectClient, settings: Settings) -> None:
    ours = str(settings.home.absolute())
    for item in _read_known(client).values():
        home = item.parameters.get("home")
        # A home that was moved or removed is no other one.
        if home not in {None, ours} and Path(home).is_dir():
            raise PipelineError(
                f"Prefect's server at {client.api_url} runs the home `{home}`; use that home, or "
                f"another server for `{ours}`"
            )


def _shared(settings: Settings, work_pool: str, pool_type: PoolType) -> dict[str, Any]:
    """Return what all deployments have in common."""
    is_local = pool_type == "process"
    return {
        "work_pool_name": work_pool,
        # In a container the worker's own environment says where things are.
        "parameters": {"home": str(settings.home.absolute())} if is_local else {},
        # Where `serloop.toml` is read. Told nothing, Prefect copies the whole folder for each run.
        "pull_steps": [{CHANGE_FOLDER: {"directory": str(Path.cwd()) if is_local else "."}}],
    }


def _ensure(
    client: SyncPrefectClient,
    planned: Deployment,
    known: DeploymentResponse | None,
    shared: Mapping[str, Any],
) -> Registered:
    flow = FLOWS[planned.function]
    schedule = build_schedule(planned)
    wanted: dict[str, Any] = {
        "description": f"{planned.summary}\n\n{flow.description}",
        "entrypoint": planned.entrypoint,
        "parameters": {**planned.parameters, **shared["parameters"]},
        "parameter_openapi_schema": flow.parameters.model_dump(),
        "work_pool_name": shared["work_pool_name"],
        "pull_steps": shared["pull_steps"],
        "enforce_parameter_schema": True,
        "tags": [TAG],
    }
    version = _digest({**wanted, "schedule": schedule and schedule.model_dump(mode="json")})
    name, when = planned.full_name, describe_schedule(planned.schedule)
    is_paused = known is not None and _is_paused(known)
    if known is not None and known.version == version:
        return Registered(name, "unchanged", when, is_paused)
    client.create_deployment(
        flow_id=client.create_flow_from_name(flow.name),
        name=planned.name,
        version=version,
        schedules=_merge_schedules(schedule, known),
        paused=known.paused if known is not None else None,
        **wanted,
    )
    return Registered(name, "changed" if known else "made", when, is_paused)


def _merge_schedules(
    ours: DeploymentScheduleCreate | None, known: DeploymentResponse | None
) -> list[DeploymentScheduleCreate]:
    """Return our schedule, paused if somebody paused it, and those that somebody added."""
    kept = []
    for item in known.schedules if known is not None else ():
        if item.slug == TAG:
            ours = ours and ours.model_copy(update={"active": item.active})
        else:
            fields = {"schedule", "active", "parameters", "slug", "max_scheduled_runs"}
            kept.append(DeploymentScheduleCreate.model_validate(item.model_dump(include=fields)))
    return [*([ours] if ours else []), *kept]


def _is_paused(known: DeploymentResponse) -> bool:
    return known.paused or any(item.slug == TAG and not item.active for item in known.schedules)


def _digest(wanted: Mapping[str, Any]) -> str:
    text = json.dumps(wanted, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
