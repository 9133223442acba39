"""serloop crossvalidate."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def crossvalidate(
    corpus: Annotated[str, typer.Argument(help="Corpus to learn from and to test on.")],
    folds: Annotated[int | None, typer.Option(min=2, help="Number of folds; default: 5.")] = None,
    folds_file: Annotated[
        Path | None, typer.Option(help="JSON file with the test speakers of each fold.")
    ] = None,
    speaker_format: Annotated[
        str,
        typer.Option(help="How an entry of that file becomes a speaker, such as `actor-{:02d}`."),
    ] = "{}",
    leave_out: Annotated[
        Literal["speaker", "session"] | None,
        typer.Option(help="Leave out each speaker or session in turn instead."),
    ] = None,
    seeds: Annotated[str, typer.Option(help="Seeds of every fold, comma-separated.")] = "0",
    labels: Annotated[
        str, typer.Option(help="`intended`, or the id of a consensus run.")
    ] = "intended",
    truth: Annotated[
        str | None, typer.Option(help="What to judge by, as for --labels; default: the same.")
    ] = None,
    taxonomy: Annotated[
        str | None, typer.Option(help="Classes to learn, as for `serloop train`.")
    ] = None,
    targets: Annotated[
        Literal["hard", "soft"] | None,
        typer.Option(help="Decided labels or posteriors, as for `serloop train`."),
    ] = None,
    recipe: Annotated[
        Literal["full", "round"], typer.Option(help="As for `serloop train`.")
    ] = "full",
    dev_share: Annotated[
        float,
        typer.Option(
            min=0, max=0.5, help="Share of the training clips whose speakers choose the epoch."
        ),
    ] = 0.2,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Judge every speaker of a corpus by a model that never met them; folds run side by side."""
    from pipelines.cross_validate import cross_validate as stage
    from pipelines.fold_plan import Dealing
    from pipelines.progress import SilentProgress

    with session(home, prefect=prefect, as_json=as_json) as run:
        parameters: dict[str, Any] = {
            "corpus": corpus,
            "dealing": Dealing(folds, folds_file, speaker_format, leave_out, dev_share),
            "seeds": options.numbers(seeds),
            "labels": labels,
            "truth": truth,
            "taxonomy": taxonomy,
            "targets": targets,
            "recipe": recipe,
        }
        if as_json:
            found = stage(run.settings, SilentProgress(), **parameters)
            typer.echo(json.dumps(found.document(), indent=2))
        else:
            typer.echo(run.run_stage(stage, **parameters).sentence())
