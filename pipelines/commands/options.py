"""Options that several verbs share."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

Home = Annotated[
    Path | None,
    typer.Option(help="Folder of everything serloop writes; default `.serloop` or SERLOOP_HOME."),
]
Prefect = Annotated[
    bool,
    typer.Option(
        "--prefect",
        help="Run as a Prefect flow; the default when PREFECT_API_URL names a server.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
TestSpeakers = Annotated[
    str,
    typer.Option(help="Speakers held out for testing, comma-separated; default: a fifth."),
]
Campaign = Annotated[
    str | None, typer.Option(help="Name of the series of rounds; default: the corpus.")
]
Budget = Annotated[int | None, typer.Option(min=1, help="Clips to ask about, both arms.")]


def names(text: str) -> tuple[str, ...]:
    """Split a comma-separated option.

    Example:
        >>> names("actor-01, actor-02,")
        ('actor-01', 'actor-02')
    """
    return tuple(part.strip() for part in text.split(",") if part.strip())


def numbers(text: str) -> tuple[int, ...]:
    """Split a comma-separated option of whole numbers.

    Raises:
        typer.BadParameter: If an entry is none.

    Example:
        >>> numbers("0, 1,")
        (0, 1)
    """
    try:
        return tuple(int(part) for part in names(text))
    except ValueError as error:
        raise typer.BadParameter(f"`{text}` must be whole numbers, comma-separated") from error


def moment(text: str) -> datetime:
    """Read a time in ISO 8601; without a zone it is UTC.

    Raises:
        typer.BadParameter: It is no such time.

    Example:
        >>> moment("2026-11-03T12:00:00+02:00").isoformat(), moment("2026-11-03").isoformat()
        ('2026-11-03T10:00:00+00:00', '2026-11-03T00:00:00+00:00')
    """
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError as error:
        msg = f"`{text}` is no time in ISO 8601, such as 2026-11-03T12:00 or 2026-11-03T12:00:00Z"
        raise typer.BadParameter(msg) from error
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)


def section(name: str, values: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """Return the given values as a section of settings; options that were not given are left out.

    Example:
        >>> section("training", {"epochs": 3, "loss": None})
        {'training': {'epochs': 3}}
    """
    given = {key: value for key, value in values.items() if value is not None}
    return {name: given} if given else {}
