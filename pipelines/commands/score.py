"""serloop score."""

from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def score(
    model_id: Annotated[str, typer.Argument(help="Model, as `serloop status` lists it.")],
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Let a model predict every clip that may be asked about."""
    from pipelines.score import score as stage

    with session(home, prefect=prefect, as_json=as_json) as run:
        run.run_stage(stage, model_id=model_id)
