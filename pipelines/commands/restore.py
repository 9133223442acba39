"""serloop restore."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def restore(
    folder: Annotated[Path, typer.Argument(help="Folder of backups.")],
    name: Annotated[
        str | None, typer.Option(help="The backup, as `--list` names it; default: the newest.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Verify every file of it, and write nothing.")
    ] = False,
    listing: Annotated[
        bool, typer.Option("--list", help="List the backups there are instead.")
    ] = False,
    home: options.Home = None,
    as_json: options.Json = False,
) -> None:
    """Bring a backup back to an empty home, after every byte of it was verified."""
    from pipelines.backup.listing import list_backups
    from pipelines.backup.restore import restore as stage

    # Never a flow: its server may be what is to come back.
    with session(home, as_json=as_json) as run:
        if listing:
            run.show(list_backups(folder))
        else:
            run.show(stage(run.settings, run.progress(), folder=folder, name=name, check=check))
