"""serloop label-studio."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands import options
from pipelines.commands.maintain import parse_seconds
from pipelines.commands.session import print_rows, session

if TYPE_CHECKING:
    from pipelines.label_studio.identity import Login
    from pipelines.label_studio.status import ServerStatus

label_studio = typer.Typer(
    help="Run the Label Studio that annotators answer in, or look at one that runs already.",
    no_args_is_help=True,
)


@label_studio.command()
def up(
    timeout: Annotated[
        str, typer.Option(help="How long to wait for its answer, such as `90s` or `10m`.")
    ] = "10m",
    home: options.Home = None,
    as_json: options.Json = False,
) -> None:
    """Install Label Studio if need be, start it on this machine alone, and wait until it answers.

    The first start installs about 1 GB and makes a database, which takes some minutes; later ones
    take seconds. Name and password are in the file that is shown. Running it again changes nothing.
    """
    from pipelines.label_studio.server import up as stage

    timeout_s = parse_seconds(timeout)
    with session(home, as_json=as_json) as run:
        _show(stage(run.settings, run.progress(), timeout_s=timeout_s), as_json=as_json)


@label_studio.command()
def status(
    show_login: Annotated[
        bool,
        typer.Option("--show-login", help="Print name, password and token of its first user, too."),
    ] = False,
    home: options.Home = None,
    as_json: options.Json = False,
) -> None:
    """Say where Label Studio is and whether it answers as ours; exit code 1 if it does not."""
    from pipelines.label_studio.connect import refuse_adopted
    from pipelines.label_studio.status import read_shown_login, read_status

    with session(home, as_json=as_json) as run:
        if show_login:
            refuse_adopted(run.settings, "status --show-login")
        found = read_status(run.settings)
        login = read_shown_login(run.settings) if show_login else None
    _show(found, login, as_json=as_json)
    if not found.is_running:
        raise typer.Exit(1)


@label_studio.command()
def down(home: options.Home = None, as_json: options.Json = False) -> None:
    """End the Label Studio that `up` started, with all it started, and wait until it is gone.

    One that runs with the other services of `serloop up` is ended by `serloop down`.
    """
    from pipelines.label_studio.server import down as stage

    with session(home, as_json=as_json) as run:
        run.show(stage(run.settings))


@label_studio.command()
def logs(
    lines: Annotated[int, typer.Option(min=0, help="Lines to show, the newest ones.")] = 40,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on with what it prints, until Ctrl-C.")
    ] = False,
    home: options.Home = None,
) -> None:
    """Show what the Label Studio that `up` started has printed."""
    from pipelines.label_studio.connect import refuse_adopted
    from pipelines.label_studio.logs import follow as follow_log
    from pipelines.label_studio.logs import read_tail
    from pipelines.label_studio.places import find_places

    with session(home) as run:
        refuse_adopted(run.settings, "logs")
        log = find_places(run.settings).log
        if not log.exists():
            typer.echo("it has printed nothing yet; `serloop label-studio up` starts it", err=True)
            return
        for line in follow_log(log, lines) if follow else read_tail(log, lines):
            typer.echo(line)


def _show(found: "ServerStatus", login: "Login | None" = None, *, as_json: bool) -> None:
    shown = asdict(login) if login is not None else {}
    if as_json:
        typer.echo(json.dumps({**found.document(), **shown}, indent=2))
        return
    print_rows(found.rows(), as_json=False)
    # Not in the table: a password is copied whole, and a table may fold it.
    for name, value in shown.items():
        typer.echo(f"{name}: {value}")
