"""serloop drift."""

import json
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def drift(
    model_id: Annotated[str, typer.Argument(metavar="MODEL", help="Id of the model.")],
    corpus: Annotated[
        str | None,
        typer.Option(
            help="Compare with all clips of this corpus; default: with those that came into the "
            "model's own since it was trained."
        ),
    ] = None,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Say whether clips that came in are still like those a model learned from."""
    from pipelines.drift.drift import drift as stage
    from pipelines.progress import SilentProgress

    with session(home, prefect=prefect, as_json=as_json) as run:
        if as_json:
            found = stage(run.settings, SilentProgress(), model_id=model_id, corpus=corpus)
            typer.echo(json.dumps(found.document(), indent=2))
            return
        typer.echo(run.run_stage(stage, model_id=model_id, corpus=corpus).sentence())
