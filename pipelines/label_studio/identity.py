"""The first user of a server of our own: drawn once, kept in a file for its owner alone."""

import json
import os
import secrets
import stat
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pipelines.errors import PipelineError

# The server cuts longer tokens off, and then knows none of them.
TOKEN_BYTES = 20
PASSWORD_BYTES = 18
OWNER_ONLY = 0o600
OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class Login:
    """How its first user, an administrator, gets into a server.

    Args:
        username: E-mail address.
        password: For the browser.
        token: Legacy token, for programs.
    """

    username: str
    password: str = field(repr=False)
    token: str = field(repr=False)


def ensure_login(path: Path, username: str) -> Login:
    """Return the login in a file, or draw one and write it there with mode 600.

    Args:
        path: The file. What it holds already wins: the server's database knows it.
        username: E-mail address of a new login.

    Raises:
        PipelineError: The file is no login, or others may read it.
    """
    kept = read_login(path)
    if kept is not None:
        return kept
    new = Login(username, secrets.token_urlsafe(PASSWORD_BYTES), secrets.token_hex(TOKEN_BYTES))
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    # Created with its mode: between creation and a chmod anybody could open it.
    file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(file, "w", encoding="utf-8") as stream:
        json.dump(asdict(new), stream, indent=2)
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(path)
    return new


def read_login(path: Path) -> Login | None:
    """Return the login in a file; None where there is no file.

    Raises:
        PipelineError: The file is no login, or others may read it.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PipelineError(f"the login `{path}` cannot be read: {error.strerror}") from error
    if mode & OTHERS:
        raise PipelineError(
            f"the login `{path}` may be read by others (mode {stat.S_IMODE(mode):o}); run "
            f"`chmod 600 {path}`"
        )
    try:
        said = json.loads(text)
        return Login(*(str(said[name]) for name in ("username", "password", "token")))
    except (ValueError, KeyError, TypeError) as error:
        raise PipelineError(
            f"`{path}` is no login; restore it, or remove it together with the server's data to "
            "start afresh"
        ) from error
