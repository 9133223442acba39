"""A Prefect server with a past: deployments that ran, failed, are stopped and are late."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from prefect import State, flow
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.states import Completed, Failed, Running, Scheduled

WHY = "MissingCorpusError: `/corpora/urdu` is no folder; set `root`; in stage `ingest`"


def write_history(client: SyncPrefectClient, now: datetime) -> None:
    """Write what a server would know after a night; it dates everything itself.

    Args:
        client: The server.
        now: The time.
    """
    nightly = DeploymentScheduleCreate(schedule=CronSchedule(cron="0 2 * * *", timezone="UTC"))
    often = DeploymentScheduleCreate(schedule=IntervalSchedule(interval=timedelta(minutes=5)))
    ingest = client.create_flow(_make("ingest"))
    good = client.create_deployment(ingest, "ravdess", schedules=[nightly], paused=False)
    bad = client.create_deployment(ingest, "urdu", schedules=[nightly], paused=False)
    collect = client.create_flow(_make("collect-all"))
    late = client.create_deployment(collect, "scheduled", schedules=[often], paused=False)
    upkeep = client.create_flow(_make("maintain"))
    stopped = client.create_deployment(upkeep, "nightly", schedules=[nightly], paused=True)
    _start(client, good, Completed())
    _start(client, bad, Completed())
    _start(client, bad, Failed(message=WHY))
    _start(client, stopped, Completed())
    an_hour_ago: State[Any] = Scheduled(scheduled_time=now - timedelta(hours=1))
    client.create_flow_run_from_deployment(late, state=an_hour_ago)
    _run(client, "round-demo", Failed(message="PipelineError: no vote; in stage `train`"))
    _run(client, "round-urdu", Failed(message="made good since"))
    _run(client, "round-urdu", Completed())
    _run(client, "round-ravdess", Running())


def _make(name: str) -> Any:
    def body() -> None:
        """Do nothing."""

    return flow(name=name)(body)


def _start(client: SyncPrefectClient, deployment: UUID, state: State[Any]) -> None:
    _end(client, client.create_flow_run_from_deployment(deployment).id, state)


def _run(client: SyncPrefectClient, name: str, state: State[Any]) -> None:
    _end(client, client.create_flow_run(_make("round"), name=name).id, state)


def _end(client: SyncPrefectClient, run: UUID, state: State[Any]) -> None:
    begun: State[Any] = Running()
    for step in (begun, state):
        client.set_flow_run_state(run, step, force=True)
