"""serloop down."""

from pipelines.commands import options
from pipelines.commands.session import session


def down(home: options.Home = None, as_json: options.Json = False) -> None:
    """End all that `serloop up` runs, and wait until nothing of it is left."""
    from pipelines.stack.down import down as stage

    with session(home, as_json=as_json) as run:
        run.show(stage(run.settings))
