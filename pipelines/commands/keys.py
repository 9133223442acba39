"""serloop keys."""

from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session

keys = typer.Typer(
    help="Make and revoke the keys by which callers of `serloop serve` are let in.",
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(help="Who has the key.")]


@keys.command()
def add(name: Name, home: options.Home = None, as_json: options.Json = False) -> None:
    """Make a key and show it, this once: only its hash is kept."""
    from pipelines.serving.keys import add_key

    with session(home, prefect=False, as_json=as_json) as run:
        run.show(add_key(run.settings, name))


@keys.command("list")
def list_(home: options.Home = None, as_json: options.Json = False) -> None:
    """List who has keys; the keys themselves nobody knows."""
    from pipelines.serving.keys import list_keys

    with session(home, prefect=False, as_json=as_json) as run:
        run.show(list_keys(run.settings))


@keys.command()
def revoke(name: Name, home: options.Home = None, as_json: options.Json = False) -> None:
    """Have a key open nothing any more, from the next request on."""
    from pipelines.serving.keys import revoke_key

    with session(home, prefect=False, as_json=as_json) as run:
        run.show(revoke_key(run.settings, name))
