"""serloop votes."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def votes(
    source: Annotated[
        str,
        typer.Argument(help="A corpus that comes with votes, `table`, or `intended`."),
    ],
    path: Annotated[
        Path | None,
        typer.Argument(help="Folder of the corpus, or a CSV, JSONL or Parquet table of votes."),
    ] = None,
    corpus: Annotated[
        str | None,
        typer.Option(help="Corpus of `intended`, or the name of your own for `manifest`."),
    ] = None,
    taxonomy: Annotated[
        str | None, typer.Option(help="Class list of a table's labels, such as `ravdess-8`.")
    ] = None,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Import what people said already: a corpus's votes, or a table of your own."""
    from pipelines.import_votes import import_votes as stage

    with session(home, prefect=prefect, as_json=as_json) as run:
        run.run_stage(stage, source=source, path=path, corpus=corpus, taxonomy=taxonomy)
