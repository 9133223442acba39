"""serloop quarantine."""

import json
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import print_rows, session


def quarantine(
    source: Annotated[
        str | None,
        typer.Option(help="Only rows of this file, or `label-studio`; default: all."),
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Only rows refused for this reason, such as `unknown_label`.")
    ] = None,
    limit: Annotated[
        int, typer.Option(min=0, help="Rows to show a person; --json holds all of them.")
    ] = 20,
    home: options.Home = None,
    as_json: options.Json = False,
) -> None:
    """List what was found in the place of a vote and is none: where it stands, and why."""
    from pipelines.quarantine import read_quarantine

    with session(home, as_json=as_json) as run:
        found = read_quarantine(run.settings, source=source, reason=reason)
    if as_json:
        typer.echo(json.dumps(found.document(), indent=2))
        return
    total = found.table.num_rows
    if not total:
        typer.echo("nothing is quarantined here; `serloop votes` and `serloop collect` fill it")
        return
    print_rows(found.reasons(), as_json=False)
    print_rows(found.first(limit).rows(), as_json=False)
    if total > limit:
        typer.echo(f"{limit} of {total} rows; --limit shows more, --json all of them")
