"""serloop models."""

import json
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import print_rows, session


def models(
    line: Annotated[
        str | None, typer.Argument(help="Only this campaign or corpus; default: all.")
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="What happened, in order, and why.")
    ] = False,
    home: options.Home = None,
    as_json: options.Json = False,
) -> None:
    """List models with their state: candidate, waiting, champion, retired or refused."""
    from pipelines.registry.listing import list_history, list_models
    from pipelines.workspace import open_store

    with session(home, as_json=as_json) as run, open_store(run.settings) as store:
        rows = list_history(store, line) if history else list_models(store, line)
        if as_json:
            typer.echo(json.dumps([dict(row) for row in rows], indent=2, default=str))
            return
        print_rows(rows, as_json=False)
        if not rows:
            typer.echo("no model yet; train one with `serloop train` or `serloop round`")
