"""The keys of callers: shown once, kept as hashes in a file for its owner alone."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipelines.errors import NothingToDoError, PipelineError
from pipelines.private_file import read_private, write_private
from pipelines.runner import Row
from pipelines.settings import Settings

# Of 256 random bits a plain hash tells nothing, so that none need be slow.
KEY_BYTES = 32
PREFIX = "serloop_"
NAME_LENGTH = 64


@dataclass(frozen=True)
class Key:
    """A key that was given to somebody.

    Args:
        name: Who has it; one key each.
        sha256: Of the key, hex.
        made_at: When, ISO 8601.
        revoked_at: When it stopped to open; None while it does.
    """

    name: str
    sha256: str
    made_at: str
    revoked_at: str | None = None


@dataclass(frozen=True)
class NewKey:
    """A key that nobody can be told a second time.

    Args:
        name: Who is to have it.
        key: The key.
    """

    name: str
    key: str

    def rows(self) -> Sequence[Row]:
        """Return one row."""
        return [{"name": self.name, "key": self.key}]


@dataclass(frozen=True)
class KeyList:
    """The keys there are.

    Args:
        keys: Each, revoked ones too.
    """

    keys: tuple[Key, ...]

    def rows(self) -> Sequence[Row]:
        """Return one row per key; none tells the key."""
        return [
            {
                "name": key.name,
                "made": key.made_at,
                "revoked": key.revoked_at or "",
                "sha256": key.sha256[:12],
            }
            for key in self.keys
        ]


def key_file(settings: Settings) -> Path:
    """Return where the hashes lie; nothing is made."""
    return settings.home / "serving" / "keys.json"


def hash_key(key: str) -> str:
    """Return the hash that is kept of a key.

    Example:
        >>> hash_key("a")[:12]
        'ca978112ca1b'
    """
    return hashlib.sha256(key.encode()).hexdigest()


def add_key(settings: Settings, name: str) -> NewKey:
    """Draw a key and keep its hash.

    Args:
        settings: The home.
        name: Who is to have it, 1 … 64 printable characters.

    Raises:
        PipelineError: If somebody of that name has a key, or the file cannot be read.
    """
    if not (0 < len(name) <= NAME_LENGTH and name.isprintable() and name.strip() == name):
        raise PipelineError(f"`{name!r}` is no name of 1 … {NAME_LENGTH} printable characters")
    path = key_file(settings)
    keys = read_keys(path)
    if any(key.name == name and key.revoked_at is None for key in keys):
        raise PipelineError(
            f"`{name}` has a key; revoke it first with `serloop keys revoke {name}`, or take "
            "another name"
        )
    drawn = PREFIX + secrets.token_urlsafe(KEY_BYTES)
    _write(path, (*keys, Key(name, hash_key(drawn), _now())))
    return NewKey(name, drawn)


def revoke_key(settings: Settings, name: str) -> KeyList:
    """Have a key open nothing any more; a server that runs heeds it with the next request.

    Args:
        settings: The home.
        name: Who has it.

    Raises:
        NothingToDoError: If nobody of that name has a key.
    """
    path = key_file(settings)
    keys = read_keys(path)
    if not any(key.name == name and key.revoked_at is None for key in keys):
        known = ", ".join(f"`{key.name}`" for key in keys if key.revoked_at is None) or "nobody"
        raise NothingToDoError(f"`{name}` has no key; {known} has one")
    kept = tuple(
        Key(key.name, key.sha256, key.made_at, _now())
        if key.name == name and key.revoked_at is None
        else key
        for key in keys
    )
    _write(path, kept)
    return KeyList(kept)


def list_keys(settings: Settings) -> KeyList:
    """Return the keys there are.

    Args:
        settings: The home.
    """
    return KeyList(read_keys(key_file(settings)))


def read_keys(path: Path) -> tuple[Key, ...]:
    """Return the keys in a file, in the order they were made; none where there is no file.

    Raises:
        PipelineError: If it holds something else, or others may read it.
    """
    said = read_private(path, "the keys")
    if said is None:
        return ()
    try:
        return tuple(Key(**entry) for entry in said["keys"])
    except (KeyError, TypeError) as error:
        raise PipelineError(
            f"`{path}` holds no keys; remove it, and make new ones with `serloop keys add`"
        ) from error


class KeyRing:
    """The keys that open now: the file is read again whenever it was written.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._names: Mapping[str, str] = {}
        self._is_needed = False

    @property
    def is_needed(self) -> bool:
        """Whether callers need a key: there are some, be they revoked."""
        self._refresh()
        return self._is_needed

    def name_of(self, key: str) -> str | None:
        """Return whose key it is; None for a wrong one.

        It is looked up by its hash, so that how long that takes tells nothing about right keys.

        Args:
            key: What a caller showed.

        Raises:
            PipelineError: If the file cannot be read: then nobody comes in.
        """
        self._refresh()
        return self._names.get(hash_key(key))

    def _refresh(self) -> None:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            # Keys that were taken away as a file still have to be shown until the server ends.
            self._names = {}
            return
        seen = (stat.st_mtime_ns, stat.st_ino)
        if seen == self._seen:
            return
        keys = read_keys(self._path)
        self._names = {key.sha256: key.name for key in keys if key.revoked_at is None}
        self._is_needed = bool(keys)
        self._seen = seen


def _write(path: Path, keys: Sequence[Key]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, {"keys": [asdict(key) for key in keys]})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
