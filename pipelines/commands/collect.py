"""serloop collect."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session

if TYPE_CHECKING:
    from pipelines.collecting.pull import PullResult

_WAYS = (
    "`serloop collect --campaign NAME` asks the server, `serloop collect FILE --corpus NAME "
    "--project NAME` reads an export"
)


def collect(
    source: Annotated[
        Path | None,
        typer.Argument(help="Label Studio's JSON export; without one the server is asked."),
    ] = None,
    campaign: Annotated[
        str | None, typer.Option(help="Campaign to collect from the server, without a file.")
    ] = None,
    corpus: Annotated[
        str | None, typer.Option(help="Corpus whose classes were offered, for a file.")
    ] = None,
    project: Annotated[
        str | None,
        typer.Option(help="Label Studio project of a file: tells its annotations from others'."),
    ] = None,
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            help="Read all answers on the server; of a file, that it holds all of the project: "
            "answers that are gone are withdrawn.",
        ),
    ] = False,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Read answers into the vote ledger; an edited answer supersedes the old one.

    From the server: `serloop collect --campaign NAME`. From a file: `serloop collect FILE --corpus
    NAME --project NAME`. Answers that cannot be believed are filed under `quarantine` with a
    reason, the others count. Collecting again what was collected changes nothing.
    """
    from pipelines.collect import collect as stage
    from pipelines.collecting.pull import pull
    from pipelines.errors import PipelineError

    with session(home, prefect=prefect, as_json=as_json) as run:
        if source is None:
            if campaign is None or corpus is not None or project is not None:
                raise PipelineError(
                    f"without a file, --campaign alone says what to collect: {_WAYS}"
                )
            pulled = run.run_stage(pull, campaign=campaign, full=full)
            _say(pulled.examples, _findings(pulled))
        else:
            if campaign is not None or corpus is None or project is None:
                raise PipelineError(
                    f"export `{source}` needs --corpus and --project, and no --campaign: {_WAYS}"
                )
            read = run.run_stage(stage, source=source, corpus=corpus, project=project, full=full)
            newer = "answers that the export lacks are newer than it and stand"
            _say(read.examples, {newer: read.newer})


def _findings(pulled: "PullResult") -> dict[str, int]:
    return {
        "clips have answers whose task is gone from Label Studio; they stand": pulled.vanished,
        "rows were missed by an earlier collection, and are there now": pulled.missed,
    }


def _say(examples: Sequence[str], findings: Mapping[str, int]) -> None:
    for example in examples:
        typer.echo(f"quarantined, such as {example}", err=True)
    for finding, count in findings.items():
        if count:
            typer.echo(f"{count} {finding}", err=True)
