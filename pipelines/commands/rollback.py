"""serloop rollback."""

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def rollback(
    line: Annotated[str, typer.Argument(help="The campaign, or else the corpus.")],
    reason: Annotated[str, typer.Option(help="Why, in words; kept for ever.")] = "",
    actor: Annotated[str | None, typer.Option(help="Who; default: your login name.")] = None,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Make the champion before the present one champion again, at once; twice: one further back."""
    given: dict[str, Any] = {"line": line, "reason": reason, "actor": actor}
    with _without_collection(), session(home, prefect=prefect, as_json=as_json) as run:
        from pipelines.progress import SilentProgress
        from pipelines.registry.change import rollback as stage

        if run.use_prefect and not as_json:
            found = run.run_stage(stage, **given)
        else:
            # Without the table, whose library takes longer to load than the change takes.
            found = stage(run.settings, SilentProgress(), **given)
        typer.echo(json.dumps(found.document(), indent=2) if as_json else found.sentence())


@contextmanager
def _without_collection() -> Iterator[None]:
    """Run the block, and end the process, without looking for garbage: a fifth of the time.

    Nearly all that this verb makes is modules that it imports, which stay anyway.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()
