"""Where workers look for work."""

import json
from pathlib import Path
from typing import Any, Literal

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectNotFound
from prefect.workers.process import ProcessWorker

from pipelines.errors import PipelineError

PoolType = Literal["process", "docker", "kubernetes"]


def ensure_pool(
    client: SyncPrefectClient, name: str, pool_type: PoolType, template: Path | None
) -> None:
    """Make a work pool unless it is there; one that is there is left as it is.

    Args:
        client: The server.
        name: The pool.
        pool_type: How its workers run a flow.
        template: Its base job template, as JSON; for a process there is one.

    Raises:
        PipelineError: If it is there and of another type, or a template is missing or none.
    """
    try:
        known = client.read_work_pool(name)
    except ObjectNotFound:
        client.create_work_pool(
            WorkPoolCreate(
                name=name,
                type=pool_type,
                base_job_template=_read_template(pool_type, template),
                description="Runs the flows of serloop.",
            )
        )
        return
    if known.type != pool_type:
        raise PipelineError(
            f"work pool `{name}` is of type `{known.type}`, not `{pool_type}`; give --type "
            f"{known.type}, or another name with --work-pool"
        )


def _read_template(pool_type: PoolType, template: Path | None) -> dict[str, Any]:
    if template is None:
        if pool_type == "process":
            return ProcessWorker.get_default_base_job_template()
        raise PipelineError(
            f"a work pool of type `{pool_type}` needs a base job template; give --template "
            f"infra/work-pools/{pool_type}.json"
        )
    try:
        found: dict[str, Any] = json.loads(template.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PipelineError(f"base job template `{template}` cannot be read: {error}") from error
    return found
