"""serloop doctor."""

from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import print_rows


def doctor(
    settings: Annotated[
        bool, typer.Option("--settings", help="List every setting with its meaning instead.")
    ] = False,
    home: options.Home = None,
    as_json: options.Json = False,
) -> None:
    """Explain every missing or broken prerequisite and setting, and what to do about it."""
    from pipelines.doctor.diagnose import diagnose
    from pipelines.settings import describe_settings

    if settings:
        names = ("setting", "variable", "default", "meaning")
        print_rows([dict(zip(names, row, strict=True)) for row in describe_settings()],
                   as_json=as_json)  # fmt: skip
        return
    diagnosis = diagnose(home)
    print_rows(diagnosis.rows(), as_json=as_json)
    if not diagnosis.is_healthy:
        raise typer.Exit(1)
