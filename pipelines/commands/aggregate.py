"""serloop aggregate."""

from typing import Annotated

import typer

from pipelines.choices import AggregatorName
from pipelines.commands import options
from pipelines.commands.session import session


def aggregate(
    method: Annotated[AggregatorName | None, typer.Option(help="How votes are combined.")] = None,
    corpus: Annotated[str | None, typer.Option(help="Only votes on this corpus.")] = None,
    campaign: Annotated[
        str | None, typer.Option(help="Only clips this campaign asked about.")
    ] = None,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Turn the votes of many people into one consensus per clip and a skill per annotator."""
    from pipelines.aggregate import aggregate as stage

    with session(home, prefect=prefect, as_json=as_json) as run:
        run.run_stage(stage, method=method, corpus=corpus, campaign=campaign)
