"""serloop lineage."""

import json
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def lineage(
    subject: Annotated[str, typer.Argument(metavar="MODEL|CLIP", help="Id of a model or a clip.")],
    home: options.Home = None,
    as_json: options.Json = False,
) -> None:
    """Tell where a model or a clip's label comes from: sound, votes, snapshot, gate, round."""
    from pipelines.lineage.lineage import lineage as stage
    from pipelines.progress import SilentProgress

    with session(home, as_json=as_json) as run:
        found = stage(run.settings, SilentProgress(), subject=subject)
        if as_json:
            typer.echo(json.dumps(found.document(), indent=2))
            return
        run.show(found)
        if found.unknown:
            typer.echo(f"unknown: {', '.join(found.unknown)}")
