"""serloop report."""

from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def report(
    name: Annotated[
        str, typer.Argument(help="Campaign, by default named as its corpus; or a model.")
    ],
    number: Annotated[
        int | None, typer.Option("--round", help="Round; default: the latest learned from.")
    ] = None,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Write the self-contained HTML report of a round, or of a model."""
    from pipelines.model_report import is_model, model_report
    from pipelines.round_report import report as stage

    with session(home, prefect=prefect, as_json=as_json) as run:
        if is_model(run.settings, name):
            run.run_stage(model_report, model_id=name)
        else:
            run.run_stage(stage, campaign=name, number=number)
