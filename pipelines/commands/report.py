"""serloop report."""

from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def report(
    campaign: Annotated[str, typer.Argument(help="Campaign; by default named as its corpus.")],
    number: Annotated[
        int | None, typer.Option("--round", help="Round; default: the latest learned from.")
    ] = None,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Write the self-contained HTML report of a round."""
    from pipelines.round_report import report as stage

    with session(home, prefect=prefect, as_json=as_json) as run:
        run.run_stage(stage, campaign=campaign, number=number)
