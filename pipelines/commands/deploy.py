"""serloop deploy."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session


class PoolType(StrEnum):
    """How a worker runs a flow."""

    PROCESS = "process"
    DOCKER = "docker"
    KUBERNETES = "kubernetes"


def deploy(
    work_pool: Annotated[
        str, typer.Option(help="Where workers look for work; made if it is missing.")
    ] = "serloop",
    pool_type: Annotated[
        PoolType, typer.Option("--type", help="How workers of this pool run a flow.")
    ] = PoolType.PROCESS,
    template: Annotated[
        Path | None,
        typer.Option(help="Base job template of a pool that is made, such as infra/work-pools/…."),
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option(help="Write what would be deployed as a prefect.yaml instead; no server."),
    ] = None,
    home: options.Home = None,
    as_json: options.Json = False,
) -> None:
    """Have Prefect run by itself what `schedule` says: ingest, collect, due rounds, upkeep.

    It tells the server at PREFECT_API_URL, or the one that `serloop up` runs. What a person
    paused there stays paused.
    """
    with session(home, as_json=as_json) as run:
        if write is not None:
            from pipelines.deployment.declare import declare
            from pipelines.deployment.due import read_campaigns
            from pipelines.deployment.plan import plan_deployments

            planned = plan_deployments(run.settings, read_campaigns(run.settings))
            write.write_text(declare(planned, work_pool=work_pool), encoding="utf-8")
            return
        from pipelines.deployment.register import register
        from pipelines.deployment.server import find_server

        done = register(
            run.settings,
            work_pool=work_pool,
            pool_type=pool_type.value,
            template=template,
            api_url=find_server(run.settings),
        )
        run.show(done)
        if not as_json:
            typer.echo(f"workers: prefect worker start --pool {work_pool}", err=True)
