"""serloop distil."""

from typing import Annotated, Any

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def distil(
    teacher: Annotated[
        str, typer.Argument(help="Model to learn from; several, comma-separated, judge together.")
    ],
    student: Annotated[
        str, typer.Option(help="Network of the student: `small` or `tiny`.")
    ] = "small",
    temperature: Annotated[
        float | None, typer.Option(help="How far the teacher's posteriors are flattened; 1: not.")
    ] = None,
    trust: Annotated[
        float | None, typer.Option(help="Share of the teacher beside a clip's label, 0 … 1.")
    ] = None,
    speeds: Annotated[
        str | None,
        typer.Option(help="Speeds of copies to hear as well, comma-separated; empty for none."),
    ] = None,
    judges_copies: Annotated[
        bool,
        typer.Option(
            "--judge-copies/--alike",
            help="Whether the teacher judges copies for themselves, or they are as their clips.",
        ),
    ] = True,
    folds: Annotated[
        int | None,
        typer.Option(help="Folds of speakers a solved teacher never heard; 0: as it is."),
    ] = None,
    unlabelled: Annotated[
        str, typer.Option(help="Other corpora, comma-separated, to hear without labels.")
    ] = "",
    epochs: Annotated[int | None, typer.Option(help="Passes over clips and copies.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of weights, batches, masks.")] = None,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Train a small model on what a large one says of clips, copies and unlabelled clips."""
    from pipelines.compressing.distil import distil as stage

    overrides = options.section("training", {"epochs": epochs, "seed": seed})
    given: dict[str, Any] = {"temperature": temperature, "trust": trust, "folds": folds}
    with session(home, prefect=prefect, as_json=as_json, **overrides) as run:
        from ser.compression.choice import Distillation

        given["judges_copies"] = judges_copies
        if speeds is not None:
            given["speeds"] = _numbers(speeds)
        run.run_stage(
            stage,
            teachers=options.names(teacher),
            student=student,
            choice=Distillation(**{name: of for name, of in given.items() if of is not None}),
            unlabelled=options.names(unlabelled),
        )


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in options.names(text))
    except ValueError as error:
        raise typer.BadParameter(f"`{text}` must be numbers, comma-separated") from error
