"""serloop transcribe."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def transcribe(
    corpus: Annotated[str, typer.Option(help="Corpus whose clips are spoken of.")],
    file: Annotated[
        Path | None,
        typer.Option(
            help="Table of recordings, times, words and emotions of the words; default: listen."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="Folder of a recogniser in CTranslate2's format; default: `tiny.en` of the extra "
            "transcripts."
        ),
    ] = None,
    language: Annotated[
        str, typer.Option(help="Language that is spoken, for a recogniser.")
    ] = "en",
    allow_rejects: Annotated[
        bool,
        typer.Option("--allow-rejects", help="Exit with 0 even when a row was quarantined."),
    ] = False,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Write down what is said in clips, by a recogniser or from a file.

    A recogniser hears the clips it has said nothing of. Rows of a file that are not understood are
    filed under `quarantine` and the run goes on; it then ends with exit code 1.
    """
    from pipelines.transcribe import transcribe as stage

    with session(home, prefect=prefect, as_json=as_json) as run:
        found = run.run_stage(stage, corpus=corpus, file=file, model=model, language=language)
    for example in found.examples:
        typer.echo(f"quarantined, such as {example}", err=True)
    if found.refused and not allow_rejects:
        raise typer.Exit(1)
