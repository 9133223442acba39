"""The secrets of the gateway: drawn once, kept in a file for its owner alone."""

import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pipelines.errors import PipelineError
from pipelines.private_file import read_private, write_first

SECRET_HEADER = "X-Serloop-Secret"  # noqa: S105 - the name, not the secret
USER = "serloop"
SECRET_BYTES = 32


@dataclass(frozen=True)
class Keys:
    """What callers must know.

    Args:
        webhook: Sent along by webhooks. Every user of a Label Studio may read it there, so that it
            opens no more than the door to say that there are answers.
        password: Of the model backend and of the status; Label Studio shows it to nobody.
    """

    webhook: str = field(repr=False)
    password: str = field(repr=False)


def ensure_keys(path: Path) -> Keys:
    """Return the secrets in a file, or draw them and write them there with mode 600.

    Args:
        path: The file. What it holds already wins: Label Studio was told it.

    Raises:
        PipelineError: The file holds none, or others may read it.
    """
    kept = read_keys(path)
    if kept is not None:
        return kept
    new = Keys(secrets.token_urlsafe(SECRET_BYTES), secrets.token_urlsafe(SECRET_BYTES))
    write_first(path, asdict(new))
    return read_keys(path) or new


def read_keys(path: Path) -> Keys | None:
    """Return the secrets in a file; None where there is no file.

    Raises:
        PipelineError: The file holds none, or others may read it.
    """
    said = read_private(path, "the secrets")
    if said is None:
        return None
    try:
        return Keys(str(said["webhook"]), str(said["password"]))
    except (KeyError, TypeError) as error:
        raise PipelineError(
            f"`{path}` holds no secrets of the gateway; remove it to have new ones drawn, then "
            "connect each project again with `serloop gateway connect`"
        ) from error
