"""serloop anchoring."""

from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def anchoring(
    campaign: Annotated[str, typer.Argument(help="Campaign with `labelling.shown_share` set.")],
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Say how much more often people agree with a model when they are shown what it predicts."""
    from pipelines.publishing.anchoring import anchoring as stage

    with session(home, prefect=prefect, as_json=as_json) as run:
        run.run_stage(stage, campaign=campaign)
