"""Whether files that hold secrets are for their owner alone."""

import stat
from collections.abc import Iterator
from pathlib import Path

from pipelines.backup.make import SECRET_FOLDERS
from pipelines.doctor.finding import Finding
from pipelines.label_studio.places import find_places
from pipelines.private_file import OTHERS
from pipelines.settings import Settings


def check_private_files(settings: Settings) -> Iterator[Finding]:
    """Find secrets that others may read."""
    files = [path for path in _list_files(settings) if path.is_file()]
    open_to_others = [path for path in files if path.stat().st_mode & OTHERS]
    for path in open_to_others:
        mode = stat.S_IMODE(path.stat().st_mode)
        yield Finding(
            "secret file",
            "broken",
            f"`{path}` may be read by others (mode {mode:o})",
            f"run `chmod 600 {path}`",
        )
    if files and not open_to_others:
        yield Finding("secret files", "ok", f"{len(files)}, each for its owner alone")


def _list_files(settings: Settings) -> Iterator[Path]:
    for folder in SECRET_FOLDERS:
        yield from sorted((settings.home / folder).glob("*.json"))
    yield find_places(settings).login
    if settings.label_studio.token_file is not None:
        yield settings.label_studio.token_file
