"""serloop recognise."""

import json
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def recognise(
    files: Annotated[list[Path], typer.Argument(help="Recordings of any format and rate.")],
    line: Annotated[
        str | None, typer.Option(help="Line whose champion judges; default: the only one.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="A model that judges, champion or not.")] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="A folder from `serloop export` that judges.")
    ] = None,
    speaker: Annotated[
        str | None, typer.Option(help="Who speaks, told of with `serloop baseline`.")
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(help="Whose thresholds make the sets, such as `female`; default: `all`."),
    ] = None,
    home: options.Home = None,
    as_json: options.Json = False,
) -> None:
    """Say which emotion is heard in files, and how probable each one is."""
    from pipelines.baselines.recognise import recognise as stage
    from pipelines.serving.load import OFF

    with session(home, as_json=as_json) as run:
        found = stage(
            run.settings,
            run.progress(),
            files=files,
            line=line,
            model_id=model,
            bundle=bundle,
            speaker=speaker,
            group=group,
        )
        if as_json:
            typer.echo(json.dumps(found.document(), indent=2))
            return
        run.show(found)
        if found.baseline == OFF:
            typer.echo(f"what is known of `{speaker}` does not help, so it was left off")
