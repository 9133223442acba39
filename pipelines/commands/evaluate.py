"""serloop evaluate."""

from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import print_rows, session


def evaluate(
    model_id: Annotated[str, typer.Argument(help="Model, as `serloop status` lists it.")],
    truth: Annotated[
        str, typer.Option(help="`intended`, or the id of a consensus run.")
    ] = "intended",
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Judge a model on speakers it never met: UAR with its interval, WAR, confusion matrix."""
    from pipelines.evaluate import evaluate as stage

    with session(home, prefect=prefect, as_json=as_json) as run:
        result = run.run_stage(stage, model_id=model_id, truth=truth)
        if not as_json:
            print_rows(result.confusion_rows(), as_json=False)
