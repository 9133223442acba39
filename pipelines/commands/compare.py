"""serloop compare."""

import json
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import print_rows, session


def compare(
    first: Annotated[
        str,
        typer.Argument(metavar="A", help="A model that was evaluated; of folds, comma-separated."),
    ],
    second: Annotated[str, typer.Argument(metavar="B", help="Another one, of the same classes.")],
    truth: Annotated[
        str, typer.Option(help="`intended`, or the id of a consensus run.")
    ] = "intended",
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Say which of two models is better on the clips both were kept from, or that nobody can."""
    from pipelines.compare import compare as stage
    from pipelines.progress import SilentProgress

    models = {"first": options.names(first), "second": options.names(second)}
    with session(home, prefect=prefect, as_json=as_json) as run:
        if as_json:
            found = stage(run.settings, SilentProgress(), **models, truth=truth)
            typer.echo(json.dumps(found.document(), indent=2))
            return
        found = run.run_stage(stage, **models, truth=truth)
        for rows in (found.class_rows(), found.group_rows()):
            print_rows(rows, as_json=False)
        typer.echo(found.sentence())
