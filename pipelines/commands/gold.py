"""serloop gold."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def gold(
    campaign: Annotated[str, typer.Argument(help="Campaign that it is mixed into.")],
    count: Annotated[
        int | None, typer.Option(min=1, help="Clips to draw, the classes about equally.")
    ] = None,
    labels: Annotated[
        str,
        typer.Option("--from", help="What says their class: `intended`, or a consensus run."),
    ] = "intended",
    file: Annotated[
        Path | None, typer.Option(help="CSV with `clip_id` and `label` to take instead.")
    ] = None,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Add clips whose class is known, to see how well annotators hear; without options, list them.

    They are mixed unseen into the rounds published next (`labelling.gold_share`), everybody answers
    them, and no round asks about them.
    """
    from pipelines.publishing.gold import gold as stage

    with session(home, prefect=prefect, as_json=as_json) as run:
        result = run.run_stage(stage, campaign=campaign, count=count, labels=labels, source=file)
    if not as_json:
        typer.echo(f"{result.table.num_rows} clips, {result.added} of them new", err=True)
