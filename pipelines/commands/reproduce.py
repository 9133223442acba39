"""serloop reproduce."""

import json
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import EXIT_FAILED, session


def reproduce(
    model_id: Annotated[str, typer.Argument(help="Model, as `serloop status` lists it.")],
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Train a model again from its snapshot; end with 1 if its weights or any metric differ."""
    from pipelines.progress import SilentProgress
    from pipelines.reproduce import reproduce as stage

    with session(home, prefect=prefect, as_json=as_json) as run:
        if as_json:
            found = stage(run.settings, SilentProgress(), model_id=model_id)
            typer.echo(json.dumps(found.document(), indent=2))
        else:
            found = run.run_stage(stage, model_id=model_id)
            typer.echo(found.sentence())
    if not found.is_equal:
        raise typer.Exit(EXIT_FAILED)
