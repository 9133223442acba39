"""Where secrets may come from: the environment, or files that nobody but their owner may read."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import BaseModel, SecretStr

from pipelines.errors import PipelineError, SettingsError
from pipelines.private_file import read_owner_only

# A folder of secrets may be everybody's; only files named like settings are ours.
OURS = "serloop_"


def read_secret_files(folder: Path, known: Iterable[str]) -> dict[str, str]:
    """Return what the files of a folder hold, each under its name in lower case.

    Args:
        folder: Holds files named like the variables of settings, in capitals or not, each with
            the value of one; the end of its last line is not part of it. Others are left alone.
        known: Names of the variables there are.

    Raises:
        SettingsError: If there is no such folder, a file cannot be read, others may read it, two
            are named alike, or one is named like a setting that does not exist.
    """
    if not folder.is_dir():
        raise SettingsError(f"setting `secrets` must be a folder, but `{folder}` is none")
    variables = {name.lower() for name in known}
    found: dict[str, str] = {}
    for path in sorted(folder.iterdir()):
        name = path.name.lower()
        if not name.startswith(OURS):
            continue
        if name not in variables or name in found:
            why = "is another file's name" if name in found else "is named like no setting"
            raise SettingsError(
                f"`{path}` {why}; rename or remove it, or see `serloop doctor --settings` for the "
                "names there are"
            )
        found[name] = read_secret(path, "secrets")
    return found


def read_secret(path: Path, setting: str) -> str:
    """Return what a file of a secret holds, without the end of its last line.

    Args:
        path: The file.
        setting: The setting that names it, for messages.

    Raises:
        SettingsError: If it cannot be read, or others may read it.
    """
    try:
        text = read_owner_only(path, "the file")
    except PipelineError as error:
        raise SettingsError(f"setting `{setting}`: {error}") from error
    if text is None:
        raise SettingsError(f"setting `{setting}`: `{path}` cannot be read: there is no such file")
    return text.rstrip("\r\n")


def name_secrets(model: type[BaseModel], before: str = "") -> frozenset[str]:
    """Return the dotted names of the fields that hold a secret.

    Args:
        model: The settings, or a section of them.
        before: What names begin with.
    """
    found = set()
    for name, field in model.model_fields.items():
        kind = field.annotation
        if kind is SecretStr or SecretStr in get_args(kind):
            found.add(f"{before}{name}")
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= name_secrets(kind, f"{before}{name}.")
    return frozenset(found)


def find_given_secrets(
    document: Mapping[str, Any], names: Iterable[str], before: str = ""
) -> list[str]:
    """Return the dotted names under which a document of settings holds a secret.

    Args:
        document: Sections within sections.
        names: From `name_secrets`.
        before: What names begin with.

    Example:
        >>> given = {"warehouse": {"s3_secret_key": "x", "catalog": "postgresql://ann:pw@db/lake"}}
        >>> find_given_secrets(given, {"warehouse.s3_secret_key"})
        ['warehouse.s3_secret_key', 'warehouse.catalog']
    """
    found = []
    wanted = frozenset(names)
    for name, value in document.items():
        if isinstance(value, Mapping):
            found += find_given_secrets(value, wanted, f"{before}{name}.")
        elif value is None:
            continue
        elif f"{before}{name}" in wanted or (isinstance(value, str) and any(passwords(value))):
            found.append(f"{before}{name}")
    return found


def refuse_open_secrets(path: Path, document: Mapping[str, Any], names: Iterable[str]) -> None:
    """Refuse a file of settings that holds a secret and that others may read.

    Args:
        path: The file.
        document: What it holds.
        names: From `name_secrets`.

    Raises:
        SettingsError: If it is such a file.
    """
    held = find_given_secrets(document, names)
    if not held:
        return
    try:
        read_owner_only(path, "the file")
    except PipelineError as error:
        listed = ", ".join(f"`{name}`" for name in held)
        raise SettingsError(f"{listed} in `{path}` must be kept secret, but {error}") from error


def passwords(address: str) -> Iterator[str]:
    """Return the passwords in an address, as they are written and as they are meant.

    Args:
        address: Anything; what is no address has none.

    Example:
        >>> sorted(passwords("postgresql://ann:p%40ss@db/lake"))
        ['p%40ss', 'p@ss']
        >>> list(passwords("postgresql:///lake?user=ann&password=hunter2"))
        ['hunter2']
    """
    if "://" not in address:
        return
    try:
        parts = urlsplit(address)
        written = parts.password
    except ValueError:
        return
    yield from {given for given in (written, unquote(written or "")) if given}
    yield from parse_qs(parts.query).get("password", ())
