"""serloop collect."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def collect(
    source: Annotated[Path, typer.Argument(help="Label Studio's JSON export.")],
    corpus: Annotated[str, typer.Option(help="Corpus whose classes were offered.")],
    project: Annotated[
        str, typer.Option(help="Label Studio project: tells its annotations from others'.")
    ],
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Read answers into the vote ledger; an edited answer supersedes the old one."""
    from pipelines.collect import collect as stage

    with session(home, prefect=prefect, as_json=as_json) as run:
        run.run_stage(stage, source=source, corpus=corpus, project=project)
