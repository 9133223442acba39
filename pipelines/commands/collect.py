"""serloop collect."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def collect(
    source: Annotated[Path, typer.Argument(help="Label Studio's JSON export.")],
    corpus: Annotated[str, typer.Option(help="Corpus whose classes were offered.")],
    project: Annotated[
        str, typer.Option(help="Label Studio project: tells its annotations from others'.")
    ],
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            help="The export holds all annotations of the project: withdraw those it lacks.",
        ),
    ] = False,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Read answers into the vote ledger; an edited answer supersedes the old one.

    Answers that cannot be believed are filed under `quarantine` with a reason, the others count.
    Collecting an export again changes nothing.
    """
    from pipelines.collect import collect as stage

    with session(home, prefect=prefect, as_json=as_json) as run:
        result = run.run_stage(stage, source=source, corpus=corpus, project=project, full=full)
    for example in result.examples:
        typer.echo(f"quarantined, such as {example}", err=True)
    if result.newer:
        typer.echo(
            f"{result.newer} answers that the export lacks are newer than it and stand", err=True
        )
