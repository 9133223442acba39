"""serloop round."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def round_(
    corpus: Annotated[str, typer.Argument(help="Corpus of the campaign.")],
    campaign: options.Campaign = None,
    budget: options.Budget = None,
    test_speakers: options.TestSpeakers = "",
    answers: Annotated[
        Path | None, typer.Option(help="Label Studio export to collect first.")
    ] = None,
    tasks: Annotated[
        Path | None, typer.Option(help="Write the new tasks for Label Studio here.")
    ] = None,
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Let simulated annotators answer.")
    ] = False,
    label_studio: Annotated[
        bool | None,
        typer.Option(
            "--label-studio/--no-label-studio",
            help="Collect from Label Studio and publish there; default: where one runs or is set, "
            "unless annotators are simulated.",
        ),
    ] = None,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Take a campaign one round further: learn from the answers there are, then ask again."""
    from pipelines.limits import list_shortfalls
    from pipelines.loop import run_round

    with session(home, prefect=prefect, as_json=as_json) as run:
        result = run.compose(
            run_round,
            corpus=corpus,
            campaign=campaign,
            budget=budget,
            test_speakers=options.names(test_speakers),
            answers=answers,
            simulate=simulate,
            tasks=tasks,
            label_studio=label_studio,
        )
        if not as_json:
            typer.echo(f"{result.waiting} asks wait for an answer", err=True)
            if result.shortfalls:
                typer.echo(list_shortfalls(result.shortfalls), err=True)
            if result.queue:
                typer.echo(f"queue: {result.queue}", err=True)
            if result.report:
                typer.echo(f"report: {result.report}", err=True)
