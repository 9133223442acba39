"""serloop ingest."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session


def ingest(
    corpus: Annotated[str, typer.Argument(help="A name that `serloop corpora` lists.")],
    root: Annotated[Path, typer.Argument(help="Folder (or manifest file) of the corpus.")],
    name: Annotated[
        str | None, typer.Option(help="Name of your own corpus, for `manifest` and `folder`.")
    ] = None,
    classes: Annotated[
        str,
        typer.Option(
            help="Classes of your own corpus, comma-separated; default: those its labels name."
        ),
    ] = "",
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only tell what would happen; nothing is written."),
    ] = False,
    allow_rejects: Annotated[
        bool,
        typer.Option("--allow-rejects", help="Exit with 0 even when a file was rejected."),
    ] = False,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Decode a corpus into clips, waveforms and features; what is there already costs nothing.

    Files that cannot be used are filed under `rejects` with a reason and the run goes on; it then
    ends with exit code 1.
    """
    from pipelines.spread import warm_up

    with session(home, prefect=prefect and not dry_run, as_json=as_json) as run:
        if dry_run:
            from pipelines.rehearse import rehearse

            run.run_stage(
                rehearse, corpus=corpus, root=root, name=name, classes=options.names(classes)
            )
            return
        # Workers load what they need while this process loads what it needs.
        warm_up(run.settings.compute)
        from pipelines.ingest import ingest as stage

        result = run.run_stage(
            stage, corpus=corpus, root=root, name=name, classes=options.names(classes)
        )
    if result.rejected and not allow_rejects:
        raise typer.Exit(1)
