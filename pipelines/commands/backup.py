"""serloop backup."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def backup(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder of backups; default: `maintenance.backup`.")
    ] = None,
    secrets: Annotated[
        bool,
        typer.Option("--secrets", help="Back up keys and people's private addresses, too."),
    ] = False,
    keep: Annotated[
        int | None,
        typer.Option(min=1, help="Backups to keep there; default: `maintenance.keep_backups`."),
    ] = None,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Back up warehouse, models, reports, live corrections while others go on; only what is new."""
    from pipelines.backup.make import backup as stage

    with session(home, prefect=prefect, as_json=as_json) as run:
        run.run_stage(stage, folder=folder, secrets=secrets, keep=keep)
