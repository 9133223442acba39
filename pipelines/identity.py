"""Names that are functions of content, so that repeating a run repeats its ids."""

import hashlib
import json
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable

ID_DIGITS = 12
PACKAGES = ("annotation", "pipelines", "ser", "warehouse")


def digest(*parts: object) -> str:
    """Return a short hash of values that JSON can write.

    Args:
        parts: Strings, numbers, lists and dictionaries.

    Returns:
        Twelve hexadecimal digits, equal for equal parts in any process.

    Example:
        >>> digest("ravdess", {"b": 1, "a": 2}) == digest("ravdess", {"a": 2, "b": 1})
        True
    """
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:ID_DIGITS]


@cache
def code_version() -> str:
    """Return the released version and a hash of the source that is running.

    The hash tells two checkouts of one version apart, and is the same in a wheel.
    """
    content = hashlib.sha256()
    for package in PACKAGES:
        for name, text in _sources(files(package), package):
            content.update(name.encode())
            content.update(text)
    return f"{version('serloop')}+{content.hexdigest()[:ID_DIGITS]}"


def _sources(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        name = f"{prefix}/{entry.name}"
        if entry.is_dir():
            found += _sources(entry, name)
        elif entry.name.endswith((".py", ".sql")):
            found.append((name, entry.read_bytes()))
    return found
