"""serloop suspects."""

import json
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def suspects(
    model_ids: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL...", help="Models, such as one per fold; evaluated or scored."
        ),
    ],
    labels: Annotated[
        str, typer.Option(help="`intended`, or the id of a consensus run.")
    ] = "intended",
    limit: Annotated[int, typer.Option(min=1, help="How many to list.")] = 20,
    home: options.Home = None,
    as_json: options.Json = False,
) -> None:
    """List labels that are probably wrong, by models that did not learn from them."""
    from pipelines.progress import SilentProgress
    from pipelines.suspects import suspects as stage

    with session(home, as_json=as_json) as run:
        found = stage(
            run.settings, SilentProgress(), model_ids=model_ids, labels=labels, limit=limit
        )
        if as_json:
            typer.echo(json.dumps(found.document(), indent=2))
        else:
            run.show(found)
            typer.echo(found.sentence())
