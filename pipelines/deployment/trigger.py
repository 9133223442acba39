"""Have a Prefect server start what is due, if it has a deployment for it."""

from collections.abc import Mapping
from typing import Any, cast

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound

from pipelines.deployment.due import DueRound
from pipelines.settings import Settings

DUE_ROUNDS = "due-rounds/scheduled"
APPROVE = "approve/human"


def start_due_round(settings: Settings, due: DueRound) -> str | None:
    """Have a due round made by a worker; asked for again, it is not made again.

    Args:
        settings: `schedule.round_votes`.
        due: The round.

    Returns:
        Name of the flow run; None if the server has no deployment of this home.
    """
    # Whatever comes until the round is made asks for the same round, but many more votes may
    # start what a killed worker never will.
    share = due.new_votes // settings.schedule.round_votes
    key = f"{due.campaign}-{due.number}-{share}"
    return _start(settings, DUE_ROUNDS, {"campaign": due.campaign}, key)


def start_approval(settings: Settings, gate_id: str) -> str | None:
    """Have a person asked about a model that passed the gate; once, however often it is asked for.

    Args:
        settings: The home.
        gate_id: The decision of the gate.

    Returns:
        Name of the flow run; None if the server has no deployment of this home.
    """
    return _start(settings, APPROVE, {"gate_id": gate_id}, gate_id)


def _start(settings: Settings, name: str, parameters: Mapping[str, Any], key: str) -> str | None:
    with get_client(sync_client=True) as client:
        try:
            deployment = client.read_deployment_by_name(name)
        except ObjectNotFound:
            return None
    home = deployment.parameters.get("home")
    if home is not None and home != str(settings.home.absolute()):
        return None
    run = run_deployment(
        deployment.id,
        parameters=dict(parameters),
        timeout=0,
        as_subflow=False,
        idempotency_key=key,
    )
    # Outside of a coroutine Prefect returns the run itself, which its types cannot say.
    return cast(FlowRun, run).name
