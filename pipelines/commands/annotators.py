"""serloop annotators."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipelines.choices import AggregatorName
from pipelines.commands import options
from pipelines.commands.session import session


def annotators(
    corpus: Annotated[str | None, typer.Option(help="Only votes on this corpus.")] = None,
    modality: Annotated[
        Literal["audio", "video", "audiovisual"] | None,
        typer.Option(help="Only votes on what was heard, seen, or both."),
    ] = None,
    method: Annotated[
        AggregatorName | None, typer.Option(help="Whose consensus votes are compared with.")
    ] = None,
    gold: Annotated[
        Path | None, typer.Option(help="Table of clips whose class is known: clip_id, label.")
    ] = None,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Say of each annotator how well they hear, whether they listen, and what to do about it."""
    from pipelines.annotators import annotators as stage
    from pipelines.progress import SilentProgress

    with session(home, prefect=prefect, as_json=as_json) as run:
        selection = {"corpus": corpus, "modality": modality}
        if as_json:
            found = stage(run.settings, SilentProgress(), method=method, gold=gold, **selection)
            typer.echo(json.dumps(found.document(), indent=2))
        else:
            run.run_stage(stage, method=method, gold=gold, **selection)
