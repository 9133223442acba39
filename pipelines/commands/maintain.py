"""serloop maintain."""

import re
from typing import Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import session

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_seconds(text: str) -> float:
    """Return a span of time in seconds.

    Args:
        text: A number with a unit, `s`, `m`, `h` or `d`; seconds without one.

    Raises:
        typer.BadParameter: If it is neither.

    Example:
        >>> parse_seconds("90m"), parse_seconds("0")
        (5400.0, 0.0)
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text)
    if found is None:
        raise typer.BadParameter(
            f"expected a span such as `90s`, `30m`, `1h` or `2d`, got `{text}`"
        )
    number, unit = found.groups()
    return float(number) * SECONDS[unit or "s"]


def maintain(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be removed, and remove nothing.")
    ] = False,
    grace: Annotated[
        str,
        typer.Option(
            help="Keep files younger than this, which a run that is going on may be about to "
            "commit; 0 only while nothing else runs."
        ),
    ] = "1d",
    merge: Annotated[
        bool, typer.Option(help="Merge small files; every snapshot stays readable.")
    ] = True,
    expire: Annotated[
        bool,
        typer.Option(
            help="Let snapshots go that are older than `maintenance.keep_snapshots_d`; those that "
            "a model, an evaluation or a consensus was made from stay."
        ),
    ] = True,
    backup: Annotated[
        bool, typer.Option(help="Back up afterwards, if `maintenance.backup` names a folder.")
    ] = True,
    home: options.Home = None,
    prefect: options.Prefect = False,
    as_json: options.Json = False,
) -> None:
    """Sweep what killed runs left, merge small files, let old snapshots go, and back up."""
    from pipelines.maintain import maintain as stage

    grace_s = parse_seconds(grace)
    with session(home, prefect=prefect, as_json=as_json) as run:
        run.run_stage(
            stage, dry_run=dry_run, grace_s=grace_s, merge=merge, expire=expire, backup=backup
        )
