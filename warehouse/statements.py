"""Load the SQL statements shipped with this package."""

from functools import cache
from importlib.resources import files
from typing import Literal

Folder = Literal["migrations", "queries", "checks", "judged", "quality", "profiles"]


@cache
def load_statement(folder: Folder, name: str) -> str:
    """Return the text of `sql/<folder>/<name>.sql`.

    Args:
        folder: The kind of statement.
        name: The file's name without its suffix.

    Returns:
        The SQL, with its opening comment.

    Raises:
        FileNotFoundError: If this package ships no such statement.

    Example:
        >>> print(load_statement("migrations", "0001_create_clips").splitlines()[0])
        -- What was recorded: corpora, their clips, and the files that were refused.
    """
    return files("warehouse").joinpath("sql", folder, f"{name}.sql").read_text(encoding="utf-8")


@cache
def list_statements(folder: Folder) -> tuple[str, ...]:
    """Return the names of all statements in a folder, sorted.

    Args:
        folder: The kind of statement.

    Example:
        >>> list_statements("migrations")[0]
        '0001_create_clips'
    """
    entries = files("warehouse").joinpath("sql", folder).iterdir()
    return tuple(sorted(e.name.removesuffix(".sql") for e in entries if e.name.endswith(".sql")))


def read_purpose(statement: str) -> str:
    r"""Return a statement's opening comment as one line.

    Args:
        statement: SQL text.

    Example:
        >>> read_purpose("-- One row\n-- per clip.\nSELECT 1")
        'One row per clip.'
    """
    words = []
    for line in statement.splitlines():
        if not line.startswith("--"):
            break
        words.append(line.removeprefix("--").strip())
    return " ".join(words)
