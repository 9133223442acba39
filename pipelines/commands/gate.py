"""serloop gate."""

import json
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def gate(
    model_id: Annotated[str, typer.Argument(help="The candidate, a model that was evaluated.")],
    truth: Annotated[
        str, typer.Option(help="`intended`, or the id of a consensus run.")
    ] = "intended",
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Let a model replace the champion of its line if it is better, or refuse it with reasons."""
    from pipelines.gate.gate import gate as stage
    from pipelines.progress import SilentProgress

    with session(home, prefect=prefect, as_json=as_json) as run:
        if as_json:
            found = stage(run.settings, SilentProgress(), model_id=model_id, truth=truth)
            typer.echo(json.dumps(found.document(), indent=2))
            return
        found = run.run_stage(stage, model_id=model_id, truth=truth)
        typer.echo(found.sentence())
