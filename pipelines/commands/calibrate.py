"""serloop calibrate."""

import json
from typing import Annotated, Any, Literal

import typer

from pipelines.commands import options
from pipelines.commands.session import print_rows, session


def calibrate(
    model_id: Annotated[str, typer.Argument(help="Model, as `serloop status` lists it.")],
    truth: Annotated[
        str, typer.Option(help="`intended`, or the id of a consensus run.")
    ] = "intended",
    coverage: Annotated[
        float | None,
        typer.Option(help="Share of sets of classes that shall hold the right one; default: .9."),
    ] = None,
    method: Annotated[
        Literal["lac", "aps"] | None,
        typer.Option(help="Score by which classes enter a set; default: `lac`, smallest sets."),
    ] = None,
    correction: Annotated[
        Literal["left_out", "hierarchical"] | None,
        typer.Option(
            help="For few speakers: `left_out` (default) is close, `hierarchical` is proven."
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(help="What thresholds differ by, such as `gender`; default: `all`."),
    ] = None,
    per_class: Annotated[
        bool, typer.Option("--per-class", help="Keep the promise for each class by itself.")
    ] = False,
    source: Annotated[
        Literal["dev", "out_of_fold"] | None,
        typer.Option(
            help="Calibrate on the model's dev speakers, or on what the other folds of its "
            "cross-validation said; default: what has more speakers."
        ),
    ] = None,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Choose when a model is not sure, so that its sets hold the right class as promised."""
    from pipelines.abstaining.calibrate import calibrate as stage
    from pipelines.progress import SilentProgress

    parameters: dict[str, Any] = {
        "model_id": model_id,
        "truth": truth,
        "coverage": coverage,
        "method": method,
        "correction": correction,
        "group": group,
        "is_class_conditional": per_class,
        "source": source,
    }
    with session(home, prefect=prefect, as_json=as_json) as run:
        if as_json:
            found = stage(run.settings, SilentProgress(), **parameters)
            typer.echo(json.dumps([found.document()], indent=2))
            return
        found = run.run_stage(stage, **parameters)
        print_rows(found.promise_rows(), as_json=False)
        for sentence in found.sentences():
            typer.echo(sentence)
