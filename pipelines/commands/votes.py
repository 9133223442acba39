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
        typer.Argument(
            help="Folder of the corpus, or a file of votes: CSV, JSONL, Parquet, or Label Studio's "
            "JSON export."
        ),
    ] = None,
    corpus: Annotated[
        str | None,
        typer.Option(
            help="Corpus of `intended` or of a table's clips, or the name of your own for "
            "`manifest`."
        ),
    ] = None,
    taxonomy: Annotated[
        str | None,
        typer.Option(
            help="Class list of a table's labels, such as `ravdess-8`; default: the corpus's."
        ),
    ] = None,
    shape: Annotated[
        str | None,
        typer.Option(
            help="long, annotators (a column each), classes (a column of counts each), crema-d "
            "(finishedResponses.csv) or label-studio; default: what the header tells."
        ),
    ] = None,
    columns: Annotated[
        str,
        typer.Option(
            help="Columns of a wide table that hold votes, comma-separated; default: all that can."
        ),
    ] = "",
    holds: Annotated[
        str,
        typer.Option(help="What annotators' columns hold: label, arousal, valence or dominance."),
    ] = "label",
    total: Annotated[
        str | None, typer.Option(help="Column that states how many votes a row of counts holds.")
    ] = None,
    modality: Annotated[
        str,
        typer.Option(
            help="What was perceived where a table does not say: audio, video or both as "
            "audiovisual."
        ),
    ] = "audio",
    project: Annotated[
        str | None,
        typer.Option(help="Label Studio project: tells its annotations from others'."),
    ] = None,
    allow_rejects: Annotated[
        bool,
        typer.Option("--allow-rejects", help="Exit with 0 even when a row was quarantined."),
    ] = False,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Import what people said already: a corpus's votes, or a table of your own.

    Rows that are no votes are filed under `quarantine` with a reason and the run goes on; it then
    ends with exit code 1. Importing a file again adds nothing.
    """
    from pipelines.import_votes import import_votes as stage

    with session(home, prefect=prefect, as_json=as_json) as run:
        result = run.run_stage(
            stage,
            source=source,
            path=path,
            corpus=corpus,
            taxonomy=taxonomy,
            shape=shape,
            columns=options.names(columns),
            holds=holds,
            total=total,
            modality=modality,
            project=project,
        )
    for example in result.examples:
        typer.echo(f"quarantined, such as {example}", err=True)
    if result.quarantined and not allow_rejects:
        raise typer.Exit(1)
