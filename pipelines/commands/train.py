"""serloop train."""

from typing import Annotated, Literal

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def train(
    corpus: Annotated[str, typer.Argument(help="Corpus to learn from.")],
    labels: Annotated[
        str, typer.Option(help="`intended`, or the id of a consensus run.")
    ] = "intended",
    test_speakers: options.TestSpeakers = "",
    dev_speakers: Annotated[
        str, typer.Option(help="Speakers, comma-separated, to choose the best epoch on.")
    ] = "",
    recipe: Annotated[
        Literal["full", "round"],
        typer.Option(help="`full` to convergence, or `round`: a smaller network, in seconds."),
    ] = "full",
    taxonomy: Annotated[
        str | None,
        typer.Option(
            help="Classes to learn, a target that `serloop taxonomies` lists or a TOML file; "
            "default: those of the labels."
        ),
    ] = None,
    targets: Annotated[
        Literal["hard", "soft"] | None,
        typer.Option(
            help="`hard`: the leading class, ties left out. `soft`: the posterior, by the loss "
            "`soft_label`. Default: the loss decides, and tied classes share a clip."
        ),
    ] = None,
    network: Annotated[
        Literal["crnn", "compact", "cnn", "layers", "tail"] | None,
        typer.Option(
            help="Network to start from; `layers` reads a frozen encoder, `tail` lets it learn. "
            "Default: the recipe's."
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the clips.")] = None,
    loss: Annotated[
        Literal["cross_entropy", "class_weighted", "focal", "soft_label"] | None,
        typer.Option(help="Training loss."),
    ] = None,
    schedule: Annotated[
        Literal["constant", "cosine", "one_cycle", "plateau"] | None,
        typer.Option(help="Learning-rate schedule."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of weights, batches, masks.")] = None,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Train a network on labelled clips of speakers that are not held out."""
    from pipelines.model_report import is_model, model_report
    from pipelines.progress import SilentProgress
    from pipelines.train import train as stage

    given = {"epochs": epochs, "loss": loss, "schedule": schedule, "seed": seed}
    overrides = {
        **options.section("training", given),
        **options.section("network", {"preset": network}),
    }
    with session(home, prefect=prefect, as_json=as_json, **overrides) as run:
        trained = run.run_stage(
            stage,
            corpus=corpus,
            labels=labels,
            test_speakers=options.names(test_speakers),
            dev_speakers=options.names(dev_speakers),
            recipe=recipe,
            taxonomy=taxonomy,
            targets=targets,
        )
        # Of several processes under torchrun, one stores the model; the others are done before.
        if is_model(run.settings, trained.model_id):
            page = model_report(run.settings, SilentProgress(), model_id=trained.model_id)
            typer.echo(f"report: {page.path}", err=True)
