"""serloop up."""

import json
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.maintain import parse_seconds
from pipelines.commands.session import print_rows, session


def up(
    timeout: Annotated[
        str, typer.Option(help="How long to wait until all is well, such as `90s` or `15m`.")
    ] = "15m",
    home: options.Home = None,
    as_json: options.Json = False,
) -> None:
    """Run everything on this machine, supervised: Prefect, a worker, Label Studio, the gateway.

    Waits until all of it is healthy, then deploys the schedules. Services that end or hang are
    started again. Running it again changes nothing, and heals what was killed.
    """
    from pipelines.stack.up import up as stage

    timeout_s = parse_seconds(timeout)
    with session(home, as_json=as_json) as run:
        done = stage(run.settings, run.progress(), timeout_s=timeout_s)
    if as_json:
        document = {"services": [dict(row) for row in done.rows()], "problems": done.problems}
        typer.echo(json.dumps(document, indent=2))
        return
    print_rows(done.rows(), as_json=False)
    for line in done.next_steps():
        typer.echo(line)
    for problem in done.problems:
        typer.echo(f"warning: {problem}", err=True)
