"""What every page shares: the template environment, and the one step that puts a page in place."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from pipelines.report.wording import (
    format_count,
    format_hours,
    format_interval,
    format_quantity,
    format_score,
    format_seconds,
    format_share,
)
from ser.files import write_whole


@cache
def page_environment(*packages: str) -> Environment:
    """Return the environment of a page's templates, which writes numbers as every page does.

    Args:
        packages: packages with a folder `templates`, searched in this order; those of
            `pipelines.report` are searched last.

    Example:
        >>> page_environment().from_string("{{ 1440 | quantity('clip') }}").render()
        '1,440 clips'
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in (*packages, "pipelines.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., str]] = {
        "score": format_score,
        "share": format_share,
        "count": format_count,
        "quantity": format_quantity,
        "hours": format_hours,
        "seconds": format_seconds,
    }
    environment.filters.update(filters)
    environment.globals["interval"] = format_interval
    return environment


def put_page(text: str, path: Path) -> Path:
    """Write a page in one step: a reader sees the former page or the new one, never half of it.

    Args:
        text: the page.
        path: the file to write; its folder is made if needed.

    Returns:
        The path.

    Raises:
        OSError: the folder cannot be written to.
    """
    write_whole(path, text.encode())
    return path
