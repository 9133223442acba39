"""serloop quality."""

import json
from typing import Annotated, Literal

import typer

from pipelines.commands import options
from pipelines.commands.session import EXIT_FAILED, session


def quality(
    corpus: Annotated[str | None, typer.Option(help="Only this corpus; default: all.")] = None,
    fail_on: Annotated[
        Literal["error", "warning", "note"] | None,
        typer.Option(help="End with 1 if there is a finding of this severity or a worse one."),
    ] = None,
    threshold: Annotated[
        list[str] | None,
        typer.Option(help="From where on something is found, such as `snr_low_db=15`; repeatable."),
    ] = None,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Find what is doubtful about recordings and labels; write a page with the evidence."""
    from pipelines.progress import SilentProgress
    from pipelines.quality import quality as stage
    from pipelines.quality import read_thresholds

    with session(home, prefect=prefect, as_json=as_json) as run:
        limits = read_thresholds(threshold or ())
        if as_json:
            result = stage(run.settings, SilentProgress(), corpus=corpus, thresholds=limits)
            typer.echo(json.dumps(result.document(), indent=2))
        else:
            result = run.run_stage(stage, corpus=corpus, thresholds=limits)
            found, missed = len(result.content.found), len(result.content.not_found)
            typer.echo(f"{found} findings, {missed} faults not found; evidence: {result.path}")
    if fail_on is not None and result.reaches(fail_on):
        raise typer.Exit(EXIT_FAILED)
