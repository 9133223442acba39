"""Files for their owner alone: written as a whole, never readable by others on the way."""

import json
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.errors import PipelineError

OWNER_ONLY = 0o600
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_private(path: Path, what: str) -> Any | None:  # noqa: ANN401 - JSON is anything
    """Return what a file holds; None where there is no file.

    Args:
        path: The file.
        what: What it is, for messages.

    Returns:
        The decoded JSON. A file that is there and holds none gives an empty object, in which
        whoever reads it misses what should be there.

    Raises:
        PipelineError: It cannot be read, or others may read it.
    """
    text = read_owner_only(path, what)
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return {}


def read_owner_only(path: Path, what: str) -> str | None:
    """Return the text of a file that nobody but its owner may read; None where there is none.

    Args:
        path: The file.
        what: What it is, for messages.

    Raises:
        PipelineError: It cannot be read, is no text, or others may read it.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        # The error itself quotes what it could not read.
        raise PipelineError(f"{what} `{path}` is no text in UTF-8; write it anew") from error
    except OSError as error:
        raise PipelineError(f"{what} `{path}` cannot be read: {error.strerror}") from error
    if mode & OTHERS:
        raise PipelineError(
            f"{what} `{path}` may be read by others (mode {stat.S_IMODE(mode):o}); run "
            f"`chmod 600 {path}`"
        )
    return text


def write_private(path: Path, document: Mapping[str, Any]) -> None:
    """Replace a file as a whole.

    Args:
        path: The file; folders above it are made.
        document: What it is to hold.
    """
    _write_beside(path, document).replace(path)


def write_first(path: Path, document: Mapping[str, Any]) -> None:
    """Write a file unless there is one: of two that do so at once, both find that of the first.

    Args:
        path: The file; folders above it are made.
        document: What it is to hold.
    """
    unfinished = _write_beside(path, document)
    try:
        # Unlike a rename, it fails where another process was quicker.
        os.link(unfinished, path)
    except FileExistsError:
        return
    finally:
        unfinished.unlink()


def _write_beside(path: Path, document: Mapping[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    # Created with its mode: between creation and a chmod anybody could open it.
    file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(file, "w", encoding="utf-8") as stream:
        json.dump(document, stream, indent=2)
        stream.flush()
        os.fsync(stream.fileno())
    return unfinished
