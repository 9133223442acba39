"""The folder backups are kept in: each file once, by its hash, and a manifest for each backup.

    manifests/2026-11-23T03-30-00Z-0123456789abcdef.json   what one backup holds
    files/01/0123…                                         a file, named by its SHA-256

The end of a manifest's name is the beginning of its own SHA-256.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from pipelines.backup.manifest import Entry, Manifest, read_manifest, write_manifest
from pipelines.errors import PipelineError
from warehouse.backup_files import hash_stream, open_stored, write_stored

_OWNER_ONLY = 0o600
_OWNER_ONLY_FOLDER = 0o700
_DIGITS = 16


class Vault:
    """A folder of backups; made by `open_vault`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files = folder / "files"
        self._manifests = folder / "manifests"
        self.incoming = folder / "incoming"

    def names(self) -> tuple[str, ...]:
        """Return the backups, the newest last."""
        return tuple(sorted(path.stem for path in self._manifests.glob("*.json")))

    def read(self, name: str) -> Manifest:
        """Return what a backup holds.

        Raises:
            PipelineError: If there is none of that name, or its manifest is damaged.
        """
        path = self._manifests / f"{name}.json"
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            listed = ", ".join(f"`{known}`" for known in self.names()[-5:]) or "none"
            message = f"no backup `{name}` in `{self.folder}`; there are: {listed}"
            raise PipelineError(message) from error
        if not name.endswith(f"-{sha256(content).hexdigest()[:_DIGITS]}"):
            raise PipelineError(
                f"the backup is damaged: `{path}` is not as it was written; choose another of "
                f"`{self.folder}` by `--name`"
            )
        return read_manifest(content)

    def path_of(self, digest: str) -> Path:
        """Return where a file of this hash lies."""
        return self._files / digest[:2] / digest

    def holds(self, entry: Entry) -> bool:
        """Return whether a file is there, as far as its size tells."""
        with suppress(FileNotFoundError):
            return self.path_of(entry.sha256).stat().st_size == entry.size
        return False

    def add(self, source: BinaryIO) -> tuple[str, int, bool]:
        """Keep what a stream holds.

        Returns:
            Its SHA-256, its bytes, and whether it is new here.
        """
        arrived = self.incoming / uuid4().hex
        digest, size = write_stored(source, str(arrived), mode=_OWNER_ONLY)
        kept = self.path_of(digest)
        is_new = not kept.exists()
        kept.parent.mkdir(parents=True, exist_ok=True)
        # Also over one that is there: that one may be damaged, this one is not.
        arrived.replace(kept)
        return digest, size, is_new

    def write(self, manifest: Manifest) -> str:
        """Make a backup of files that are here already; return its name."""
        content = write_manifest(manifest)
        stamp = manifest.made_at.replace(":", "-").replace("+00-00", "Z")
        name = f"{stamp}-{sha256(content).hexdigest()[:_DIGITS]}"
        target = self._manifests / f"{name}.json"
        write_stored(BytesIO(content), str(target), mode=_OWNER_ONLY)
        return name

    def check(self, entry: Entry) -> str | None:
        """Return what is wrong with a file, or None."""
        path = self.path_of(entry.sha256)
        try:
            with open_stored(str(path), None) as stream:
                digest, _ = hash_stream(stream)
        except OSError as error:
            return f"{entry} cannot be read: `{path}`: {error.strerror}"
        return None if digest == entry.sha256 else f"{entry} has other bytes: `{path}`"

    def prune(self, keep: int) -> tuple[int, int]:
        """Remove all but the newest backups, and the files that only they hold.

        Returns:
            How many backups and how many files were removed.
        """
        names = self.names()
        old, kept = names[:-keep], names[-keep:]
        if not old:
            return 0, 0
        needed = {entry.sha256 for name in kept for entry in self.read(name).files}
        for name in old:
            (self._manifests / f"{name}.json").unlink()
        strays = [path for path in self._files.glob("??/*") if path.name not in needed]
        for path in strays:
            path.unlink()
        return len(old), len(strays)


@contextmanager
def open_vault(folder: Path, *, writing: bool) -> Iterator[Vault]:
    """Open a folder of backups; while one writes nobody else writes or reads.

    Args:
        folder: The folder; made, for its owner alone, if it is to be written.
        writing: Whether a backup is made.

    Raises:
        PipelineError: If it is no folder of backups, or in use.
    """
    vault = Vault(folder)
    if writing:
        _make_folder(folder)
    elif not vault.names():
        raise PipelineError(f"`{folder}` holds no backup; make one with `serloop backup {folder}`")
    file = os.open(folder, os.O_RDONLY)
    try:
        _lock(file, folder, writing=writing)
        if writing:
            # Left by one that was killed; nobody else is here.
            shutil.rmtree(vault.incoming, ignore_errors=True)
            vault.incoming.mkdir(mode=_OWNER_ONLY_FOLDER)
        yield vault
    finally:
        os.close(file)
        if writing:
            shutil.rmtree(vault.incoming, ignore_errors=True)


def _make_folder(folder: Path) -> None:
    try:
        # Voices of people, and who said what: for nobody else.
        folder.mkdir(mode=_OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
    except OSError as error:
        message = f"cannot back up to `{folder}`: {error.strerror}; choose another folder"
        raise PipelineError(message) from error
    foreign = {path.name for path in folder.iterdir()} - {"files", "manifests", "incoming"}
    if foreign:
        raise PipelineError(
            f"`{folder}` holds other things, such as `{min(foreign)}`; name an empty folder, or "
            "one that backups are in already"
        )


def _lock(file: int, folder: Path, *, writing: bool) -> None:
    try:
        fcntl.flock(file, (fcntl.LOCK_EX if writing else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError as error:
        message = f"another backup or restore is using `{folder}`; wait until it is done"
        raise PipelineError(message) from error
