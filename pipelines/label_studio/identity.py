"""The first user of a server of our own: drawn once, kept in a file for its owner alone."""

import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pipelines.errors import PipelineError
from pipelines.private_file import read_private, write_first

# The server cuts longer tokens off, and then knows none of them.
TOKEN_BYTES = 20
PASSWORD_BYTES = 18


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
    write_first(path, asdict(new))
    return read_login(path) or new


def read_login(path: Path) -> Login | None:
    """Return the login in a file; None where there is no file.

    Raises:
        PipelineError: The file is no login, or others may read it.
    """
    said = read_private(path, "the login")
    if said is None:
        return None
    try:
        return Login(*(str(said[name]) for name in ("username", "password", "token")))
    except (KeyError, TypeError) as error:
        raise PipelineError(
            f"`{path}` is no login; restore it, or remove it together with the server's data to "
            "start afresh"
        ) from error
