"""serloop agreement."""

from typing import Annotated, Literal

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def agreement(
    corpus: Annotated[str | None, typer.Option(help="Only votes on this corpus.")] = None,
    by: Annotated[
        Literal["class", "round", "annotator", "corpus", "aggregator"] | None,
        typer.Option(
            help="One estimate for each of these; default: all votes together. `aggregator` tells "
            "how often each concludes the intended label."
        ),
    ] = None,
    modality: Annotated[
        Literal["audio", "video", "audiovisual"] | None,
        typer.Option(help="Only votes on what was heard, seen, or both."),
    ] = None,
    rating_level: Annotated[
        Literal["interval", "ordinal"],
        typer.Option(help="Compare ratings as numbers, or by their ranks."),
    ] = "interval",
    resamples: Annotated[
        int, typer.Option(min=0, help="Samples of clips behind each interval; 0 for none.")
    ] = 1000,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Say how far people agree, and how often with the intended label, with 95 % intervals."""
    from pipelines.agreement import agreement as stage

    with session(home, prefect=prefect, as_json=as_json) as run:
        run.run_stage(
            stage,
            corpus=corpus,
            by=by,
            modality=modality,
            rating_level=rating_level,
            resamples=resamples,
        )
