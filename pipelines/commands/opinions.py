"""serloop opinions."""

import json
from typing import Annotated, Literal

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def opinions(
    corpus: Annotated[str | None, typer.Option(help="Only votes on this corpus.")] = None,
    modality: Annotated[
        Literal["audio", "video", "audiovisual"] | None,
        typer.Option(help="Only votes on what was heard, seen, or both."),
    ] = None,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Write a page on what people mean: agreement, annotators, confusions, clips to hear again."""
    from pipelines.opinion_report import opinion_report as stage
    from pipelines.progress import SilentProgress

    with session(home, prefect=prefect, as_json=as_json) as run:
        if as_json:
            result = stage(run.settings, SilentProgress(), corpus=corpus, modality=modality)
            typer.echo(json.dumps(result.document(), indent=2))
        else:
            result = run.run_stage(stage, corpus=corpus, modality=modality)
            typer.echo(f"the page: {result.path}")
