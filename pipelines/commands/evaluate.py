"""serloop evaluate."""

import json
from typing import Annotated, Literal

import typer

from pipelines.commands import options
from pipelines.commands.session import print_rows, session


def evaluate(
    model_id: Annotated[str, typer.Argument(help="Model, as `serloop status` lists it.")],
    truth: Annotated[
        str, typer.Option(help="`intended`, or the id of a consensus run.")
    ] = "intended",
    corpus: Annotated[
        str | None,
        typer.Option(help="Another corpus to judge on, mapped to the model's classes."),
    ] = None,
    part: Annotated[
        Literal["test", "dev"],
        typer.Option(help="Speakers it was kept from, or those its best epoch was chosen on."),
    ] = "test",
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Judge a model on speakers it never met: every metric with its interval, who fares worst."""
    from pipelines.evaluate import evaluate as stage
    from pipelines.progress import SilentProgress

    with session(home, prefect=prefect, as_json=as_json) as run:
        if as_json:
            found = stage(
                run.settings,
                SilentProgress(),
                model_id=model_id,
                truth=truth,
                corpus=corpus,
                part=part,
            )
            typer.echo(json.dumps([found.document()], indent=2))
            return
        found = run.run_stage(stage, model_id=model_id, truth=truth, corpus=corpus, part=part)
        tables = (found.class_rows(), found.confusion_rows(), found.group_rows())
        for rows in (*tables, found.rating_rows()):
            print_rows(rows, as_json=False)
        for sentence in found.sentences():
            typer.echo(sentence)
