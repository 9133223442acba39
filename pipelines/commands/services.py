"""serloop services."""

from enum import StrEnum
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import print_rows, session

services = typer.Typer(help="Look at the services that `serloop up` runs.", no_args_is_help=True)


class Printing(StrEnum):
    """Whose prints there are to see."""

    PREFECT = "prefect"
    WORKER = "worker"
    LABEL_STUDIO = "label-studio"
    GATEWAY = "gateway"
    WATCH = "watch"


@services.command()
def status(home: options.Home = None, as_json: options.Json = False) -> None:
    """Say how each service is; exit code 1 if any is not healthy."""
    from pipelines.stack.status import read_stack

    with session(home, as_json=as_json) as run:
        found = read_stack(run.settings)
    print_rows([item.row() for item in found], as_json=as_json)
    if any(item.state != "healthy" for item in found):
        raise typer.Exit(1)


@services.command()
def logs(
    name: Annotated[Printing, typer.Argument(help="The service.")],
    lines: Annotated[int, typer.Option(min=0, help="Lines to show, the newest ones.")] = 40,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on with what it prints, until Ctrl-C.")
    ] = False,
    home: options.Home = None,
) -> None:
    """Show what a service has printed."""
    from pipelines.label_studio.logs import follow as follow_log
    from pipelines.label_studio.logs import read_tail
    from pipelines.stack.services import plan_services

    with session(home) as run:
        log = next(item.log for item in plan_services(run.settings) if item.name == name)
        if not log.exists():
            typer.echo("it has printed nothing yet; `serloop up` starts it", err=True)
            return
        for line in follow_log(log, lines) if follow else read_tail(log, lines):
            typer.echo(line)
