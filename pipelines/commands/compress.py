"""serloop compress."""

import json
from typing import Annotated, Literal

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def compress(
    model_id: Annotated[str, typer.Argument(help="Model, as `serloop models` lists it.")],
    also: Annotated[
        str,
        typer.Option(help="Further models for the table, comma-separated, such as its students."),
    ] = "",
    keep: Annotated[
        float | None,
        typer.Option(help="Share of channels that pruning keeps; default: the settings'."),
    ] = None,
    prune: Annotated[
        bool, typer.Option(help="Prune the model, fine-tune it and list it too.")
    ] = True,
    features: Annotated[
        Literal["inside", "outside"],
        typer.Option(help="Whether files hear waveforms, or read features."),
    ] = "outside",
    epochs: Annotated[
        int | None, typer.Option(help="Epochs of fine-tuning; default: the settings'.")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Clips that latency is measured by.")] = 300,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Make a model small in every way, and tell the size, time and UAR of each."""
    from pipelines.compressing.table import compress as stage
    from pipelines.progress import SilentProgress

    given = {
        "model_id": model_id,
        "also": options.names(also),
        "keep": keep,
        "prunes": prune,
        "features": features,
        "repeats": repeats,
    }
    overrides = options.section("compression", {"epochs": epochs})
    with session(home, prefect=prefect, as_json=as_json, **overrides) as run:
        if as_json:
            found = stage(run.settings, SilentProgress(), **given)  # type: ignore[arg-type]
            typer.echo(json.dumps(found.document(), indent=2))
            return
        found = run.run_stage(stage, **given)  # type: ignore[arg-type]
        typer.echo(found.sentence())
