"""serloop aggregate."""

from datetime import datetime
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
    taxonomy: Annotated[
        str | None,
        typer.Option(
            help="Map labels into `emotion-4`, `arousal-2`, `valence-2` or by a TOML file, and "
            "aggregate all corpora together.",
            metavar="TARGET|FILE.toml",
        ),
    ] = None,
    snapshot: Annotated[
        int | None, typer.Option(help="Votes as the warehouse knew them at this snapshot.")
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            parser=options.moment,
            metavar="TIME",
            help="Votes as the warehouse knew them at this time (ISO 8601, UTC without a zone).",
        ),
    ] = None,
    cast_before: Annotated[
        datetime | None,
        typer.Option(
            parser=options.moment,
            metavar="TIME",
            help="Only votes that people cast before this time, whenever they were imported.",
        ),
    ] = None,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Turn the votes of many people into one consensus per clip and a skill per annotator."""
    from pipelines.aggregate import aggregate as stage

    with session(home, prefect=prefect, as_json=as_json) as run:
        found = run.run_stage(
            stage,
            method=method,
            corpus=corpus,
            campaign=campaign,
            taxonomy=taxonomy,
            snapshot=snapshot,
            as_of=as_of,
            cast_before=cast_before,
        )
        for line in found.account():
            # A program reads standard output.
            typer.echo(line, err=as_json)
