"""serloop publish."""

from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def publish(
    campaign: Annotated[str, typer.Argument(help="Campaign whose open asks become tasks.")],
    new_project: Annotated[
        bool,
        typer.Option(
            "--new-project",
            help="Open another project, when the page asks something else or the old one is gone.",
        ),
    ] = False,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Bring what a campaign asks into Label Studio, each clip as one task, in the order of utility.

    Run it again whenever something has changed, or was interrupted: it sends only what is missing,
    and closes what is no longer asked.
    """
    from pipelines.publishing.publish import publish as stage

    with session(home, prefect=prefect, as_json=as_json) as run:
        run.run_stage(stage, campaign=campaign, new_project=new_project)
