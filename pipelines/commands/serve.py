"""serloop serve."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def serve(
    line: Annotated[
        str | None,
        typer.Option(help="Line whose champion answers, and whoever follows it."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Model that answers instead, champion or not.")
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Folder of an exported model that answers instead.")
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Address it listens on; default: the setting, 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port it listens on; default: the setting, 18100."),
    ] = None,
    home: options.Home = None,
) -> None:
    """Recognise recordings over HTTP and streams over WebSocket; the live page is at /live.

    It runs until Ctrl-C, then finishes what it began. A model that becomes champion meanwhile
    takes over without a request lost. Without keys, see `serloop keys`, it serves this machine
    alone.
    """
    from pipelines.observe.logs import configure
    from pipelines.serving.serve import serve as stage

    given = options.section("serving", {"host": host, "port": port})
    with session(home, prefect=False, as_json=False, **given) as run:
        configure(run.settings)
        place = run.settings.serving
        at = f"[{place.host}]" if ":" in place.host else place.host
        stage(
            run.settings,
            line=line,
            model_id=model,
            bundle=bundle,
            ready=lambda name: typer.echo(f"{name}: http://{at}:{place.port}/live", err=True),
        )
