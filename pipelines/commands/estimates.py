"""serloop estimates."""

import json
from typing import Annotated

import typer

from pipelines.choices import AggregatorName
from pipelines.commands import options
from pipelines.commands.session import session


def estimates(
    campaign: Annotated[
        str, typer.Argument(help="Series of rounds, by default named as its corpus.")
    ],
    number: Annotated[
        int | None,
        typer.Option("--round", min=0, help="Last round that counts; default: the latest learned."),
    ] = None,
    method: Annotated[
        AggregatorName | None, typer.Option(help="How votes become labels; default: the setting.")
    ] = None,
    by_speaker: Annotated[
        bool,
        typer.Option("--by-speaker", help="Widen intervals to what other speakers would give."),
    ] = False,
    home: options.Home = None,
    as_json: options.Json = False,
) -> None:
    """Estimate what the whole pool is like, corrected for which clips were asked about."""
    from pipelines.pool_estimates import pool_estimates as stage
    from pipelines.progress import SilentProgress

    with session(home, as_json=as_json) as run:
        found = stage(
            run.settings,
            SilentProgress(),
            campaign=campaign,
            number=number,
            method=method,
            by_speaker=by_speaker,
        )
        if as_json:
            typer.echo(json.dumps(found.document(), indent=2))
        else:
            run.show(found)
            typer.echo(found.sentence())
