"""serloop status."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import print_rows, session

BEGIN = "try `serloop demo`, or `serloop ingest CORPUS FOLDER`"


def status(
    snapshot: Annotated[
        int | None, typer.Option(help="Look at the past as of this snapshot.")
    ] = None,
    as_of: Annotated[
        datetime | None, typer.Option(help="Look at the past as of this time (UTC).")
    ] = None,
    home: options.Home = None,
    as_json: options.Json = False,
) -> None:
    """Say what the warehouse holds: corpora, votes, models, rounds, failed checks."""
    from pipelines.status import read_status

    with session(home, as_json=as_json) as run:
        moment = as_of.replace(tzinfo=UTC) if as_of else None
        found = read_status(run.settings, snapshot=snapshot, as_of=moment)
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=2, default=str))
        return
    if found.snapshot is None:
        typer.echo(f"no warehouse at {found.catalog} yet; {BEGIN}")
        return
    typer.echo(f"warehouse {found.catalog}, snapshot {found.snapshot}")
    for title in ("corpora", "votes", "models", "rounds", "failed_checks"):
        rows = getattr(found, title)
        if rows:
            typer.echo(f"\n{title.replace('_', ' ')}")
            print_rows(rows, as_json=False)
    if not found.corpora:
        typer.echo(f"nothing yet; {BEGIN}")
