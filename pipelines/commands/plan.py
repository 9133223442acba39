"""serloop plan."""

import json
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def plan(
    campaign: Annotated[
        str | None, typer.Argument(help="Series of rounds to go on with; none with --from.")
    ] = None,
    annotators: Annotated[
        int, typer.Option(min=1, help="People there are; each votes once on a clip.")
    ] = 5,
    budget_votes: Annotated[int | None, typer.Option(min=1, help="Votes to spend.")] = None,
    budget_hours: Annotated[float | None, typer.Option(help="Annotator-hours to spend.")] = None,
    budget_money: Annotated[
        float | None, typer.Option(help="Money to spend, with --hourly-rate.")
    ] = None,
    hourly_rate: Annotated[
        float | None, typer.Option(help="What an annotator's hour costs; adds the cost.")
    ] = None,
    target: Annotated[
        float | None, typer.Option(min=0, max=1, help="UAR to reach, such as .75.")
    ] = None,
    simulated: Annotated[
        Path | None,
        typer.Option("--from", help="CSV of a simulation's curve instead of a campaign."),
    ] = None,
    seconds_per_vote: Annotated[
        float | None, typer.Option(help="Time of a vote; default: as measured in the campaign.")
    ] = None,
    pool: Annotated[
        int | None,
        typer.Option(min=1, help="Clips that may be asked about; default: the campaign's."),
    ] = None,
    classes: Annotated[
        str, typer.Option(help="Classes of a simulation, comma-separated; default: CREMA-D's.")
    ] = "",
    home: options.Home = None,
    as_json: options.Json = False,
) -> None:
    """Say how many clips × votes a budget should buy, by the fitted learning curve."""
    from pipelines.plan import Spending
    from pipelines.plan import plan as stage
    from pipelines.progress import SilentProgress

    spending = Spending(budget_votes, budget_hours, budget_money, hourly_rate, seconds_per_vote)
    with session(home, as_json=as_json) as run:
        found = stage(
            run.settings,
            SilentProgress(),
            campaign=campaign,
            simulated=simulated,
            spending=spending,
            annotators=annotators,
            target=target,
            pool=pool,
            classes=options.names(classes),
        )
        if as_json:
            typer.echo(json.dumps(found.document(), indent=2))
        else:
            run.show(found)
            typer.echo(found.sentence())
