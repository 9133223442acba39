"""serloop promote."""

import json
from typing import Annotated, Any

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def promote(
    model_id: Annotated[str, typer.Argument(help="The model.")],
    reason: Annotated[str, typer.Option(help="Why, in words; kept for ever.")] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Whatever the gate says; needs a --reason.")
    ] = False,
    actor: Annotated[str | None, typer.Option(help="Who; default: your login name.")] = None,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Make a model that the gate lets pass champion of its line, as an approver does."""
    from pipelines.progress import SilentProgress
    from pipelines.registry.change import promote as stage

    given: dict[str, Any] = {"model_id": model_id, "reason": reason, "actor": actor, "force": force}
    with session(home, prefect=prefect, as_json=as_json) as run:
        if as_json:
            found = stage(run.settings, SilentProgress(), **given)
            typer.echo(json.dumps(found.document(), indent=2))
            return
        found = run.run_stage(stage, **given)
        typer.echo(found.sentence())
