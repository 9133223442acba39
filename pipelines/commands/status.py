"""serloop status."""

import json
from dataclasses import asdict

import typer

from pipelines.commands import options
from pipelines.commands.session import print_rows, session


def status(home: options.Home = None, as_json: options.Json = False) -> None:
    """Say what the warehouse holds: corpora, votes, models, rounds, failed checks."""
    from pipelines.status import read_status

    with session(home, as_json=as_json) as run:
        found = read_status(run.settings)
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=2, default=str))
        return
    typer.echo(f"warehouse {found.catalog}, snapshot {found.snapshot}")
    for title in ("corpora", "votes", "models", "rounds", "failed_checks"):
        rows = getattr(found, title)
        if rows:
            typer.echo(f"\n{title.replace('_', ' ')}")
            print_rows(rows, as_json=False)
    if not found.corpora:
        typer.echo("nothing yet; try `serloop demo`, or `serloop ingest CORPUS FOLDER`")
