"""serloop search."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def search(
    corpus: Annotated[str, typer.Argument(help="Corpus to learn from.")],
    trials: Annotated[
        int, typer.Option(min=1, help="Trials of the study, those stored already included.")
    ] = 20,
    seconds: Annotated[
        float | None, typer.Option(min=0, help="Begin no trial after so many seconds.")
    ] = None,
    space: Annotated[
        Path | None,
        typer.Option(help="TOML file of what may vary; default: optimisation, size, dropout …."),
    ] = None,
    labels: Annotated[
        str, typer.Option(help="`intended`, or the id of a consensus run.")
    ] = "intended",
    test_speakers: options.TestSpeakers = "",
    folds: Annotated[
        int, typer.Option(min=2, help="Inner folds of the training speakers to judge on.")
    ] = 3,
    recipe: Annotated[
        Literal["full", "round"], typer.Option(help="As for `serloop train`.")
    ] = "full",
    taxonomy: Annotated[
        str | None, typer.Option(help="Classes to learn, as for `serloop train`.")
    ] = None,
    targets: Annotated[
        Literal["hard", "soft"] | None,
        typer.Option(help="Decided labels or posteriors, as for `serloop train`."),
    ] = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Give up trials below the median after a fold.")
    ] = False,
    seed: Annotated[int | None, typer.Option(help="Seed of every training.")] = None,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Search for better settings on training speakers alone; a killed search goes on."""
    from pipelines.progress import SilentProgress
    from pipelines.search import search as stage

    overrides = options.section("training", {"seed": seed})
    with session(home, prefect=prefect, as_json=as_json, **overrides) as run:
        parameters: dict[str, Any] = {
            "corpus": corpus,
            "trials": trials,
            "seconds": seconds,
            "space": space,
            "labels": labels,
            "test_speakers": options.names(test_speakers),
            "folds": folds,
            "recipe": recipe,
            "taxonomy": taxonomy,
            "targets": targets,
            "prune": prune,
        }
        if as_json:
            found = stage(run.settings, SilentProgress(), **parameters)
            typer.echo(json.dumps(found.document(), indent=2))
        else:
            typer.echo(run.run_stage(stage, **parameters).advice())
