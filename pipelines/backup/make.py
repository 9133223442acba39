"""Backup: keep the warehouse and what belongs to it in a folder elsewhere."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pipelines.backup.manifest import LIVE, Entry, Manifest, Part
from pipelines.backup.vault import Vault, open_vault
from pipelines.errors import PipelineError
from pipelines.identity import code_version
from pipelines.models import PRETRAINED_SUFFIX, TRAINING_SUFFIX
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import has_warehouse, open_store, s3_access
from ser.export.bundle import DESCRIPTION
from ser.files import UNFINISHED
from warehouse import queries
from warehouse.backup import CatalogCopy, CatalogFile, copy_catalog
from warehouse.backup_files import open_stored
from warehouse.errors import WarehouseError
from warehouse.storage import normalise_data_path

HOME_FOLDERS = ("models", "reports")
# A sound is there before the correction that waits for it, so that it is looked for later.
LIVE_FOLDERS = (f"{LIVE}/waiting", f"{LIVE}/stored", f"{LIVE}/sounds")
SECRET_FOLDERS = ("gateway", "people", "serving")
_SKIPPED = (UNFINISHED, TRAINING_SUFFIX, PRETRAINED_SUFFIX, ".lock", ".partial")
# Copying and hashing leave the interpreter's lock alone, and a bucket makes them wait.
THREADS = 4
_TRIES = 3
Item = TypeVar("Item")
Done = TypeVar("Done")


@dataclass(frozen=True)
class BackupResult:
    """What was backed up.

    Args:
        name: The backup; the one before, where nothing has changed since.
        folder: The folder it is in.
        snapshot: The newest snapshot in it.
        files: Its files.
        size: Their bytes.
        new_files: Files that were not in the folder before.
        new_bytes: Their bytes.
        removed: Old backups that were removed.
        missing: Files of models that the warehouse names and that are not there.
        seconds: How long it took.
    """

    name: str
    folder: str
    snapshot: int
    files: int
    size: int
    new_files: int
    new_bytes: int
    removed: int
    missing: tuple[str, ...]
    seconds: float

    def rows(self) -> Sequence[Row]:
        """Return one row."""
        return [
            {
                "backup": self.name,
                "folder": self.folder,
                "snapshot": self.snapshot,
                "files": self.files,
                "bytes": self.size,
                "new_files": self.new_files,
                "new_bytes": self.new_bytes,
                "removed_backups": self.removed,
                "missing_files": ", ".join(self.missing) or None,
                "seconds": self.seconds,
            }
        ]


def backup(
    settings: Settings,
    progress: Progress,
    *,
    folder: Path | None = None,
    secrets: bool = False,
    keep: int | None = None,
) -> BackupResult:
    """Back up the warehouse as it is at one moment, its models, reports and live corrections.

    Others may go on writing. What is in the folder already is not copied again. Secrets (keys of
    the gateway and of callers, addresses of annotators' own pages) are left out unless asked for.

    Args:
        settings: Where the warehouse is.
        progress: Where progress is shown.
        folder: Folder of backups; default: `maintenance.backup`.
        secrets: Whether to back up secrets, too.
        keep: Backups to keep in the folder; default: `maintenance.keep_backups`.

    Returns:
        What was backed up.

    Raises:
        PipelineError: If there is no warehouse, its catalog is damaged or a data file is not there,
            or if there is no folder, or it is in use or holds other things or the backups of
            another warehouse.
    """
    folder = folder or settings.maintenance.backup
    if folder is None:
        raise PipelineError(
            "there is no folder to back up to; name one, or set SERLOOP_MAINTENANCE__BACKUP"
        )
    if not has_warehouse(settings):
        raise PipelineError(f"there is no warehouse at `{settings.catalog}` to back up")
    began = time.monotonic()
    with open_vault(folder.expanduser().absolute(), writing=True) as vault:
        made = _Making(settings, progress, vault)
        name = made.make(secrets=secrets)
        removed, _ = vault.prune(keep or settings.maintenance.keep_backups)
        manifest = vault.read(name)
    return BackupResult(
        name=name,
        folder=str(vault.folder),
        snapshot=manifest.snapshot,
        files=len(manifest.files),
        size=manifest.size,
        new_files=len(made.new),
        new_bytes=sum(made.new.values()),
        removed=removed,
        missing=manifest.missing,
        seconds=time.monotonic() - began,
    )


class _Making:
    """One backup being made."""

    def __init__(self, settings: Settings, progress: Progress, vault: Vault) -> None:
        self.settings, self.progress, self.vault = settings, progress, vault
        self.s3 = s3_access(settings)
        self.data_path = normalise_data_path(settings.data_path, self.s3)
        self.last = vault.read(vault.names()[-1]) if vault.names() else None
        known = self.last.files if self.last else ()
        self.known = {(entry.part, entry.path): entry for entry in known}
        self.new: dict[str, int] = {}

    def make(self, *, secrets: bool) -> str:
        """Make it; again where upkeep took away what the copied catalog still named."""
        for _ in range(_TRIES):
            try:
                manifest = self._gather(secrets=secrets)
            except (FileNotFoundError, WarehouseError) as error:
                reason = error
                continue
            if self.last is not None and manifest.holds_the_same(self.last):
                return self.vault.names()[-1]
            return self.vault.write(manifest)
        raise PipelineError(f"the warehouse cannot be backed up: {reason}") from reason

    def _gather(self, *, secrets: bool) -> Manifest:
        # First: a correction that becomes a vote meanwhile is then in both, never in neither.
        live = self._keep_live()
        catalog, copied = self._copy_catalog()
        rows, artifacts = self._read_lake(copied.snapshot)
        folders: dict[Part, tuple[str, ...]] = {"home": HOME_FOLDERS}
        if secrets:
            folders["secret"] = SECRET_FOLDERS
        near = [(part, path) for part, names in folders.items() for path in self._list(names)]
        with self.progress.track("back up", len(copied.files) + len(near), "files") as advance:
            data = in_threads(self._keep_data, copied.files, advance)
            home = in_threads(self._keep_near, near, advance)
        kept = {entry.path: entry.sha256 for entry in home}
        return Manifest(
            made_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            code_version=code_version(),
            lake=copied.lake,
            kind=copied.kind,
            snapshot=copied.snapshot,
            rows=rows,
            files=(catalog, *data, *live, *home),
            missing=tuple(
                name for name, digest in artifacts.items() if kept.get(f"models/{name}") != digest
            ),
        )

    def _keep_live(self) -> list[Entry]:
        kept = []
        for path in self._list(LIVE_FOLDERS):
            # One that is gone is in the warehouse by now, or its sound was taken back.
            with suppress(FileNotFoundError):
                kept.append(self._keep_near(("home", path)))
        return kept

    def _copy_catalog(self) -> tuple[Entry, CatalogCopy]:
        target = self.vault.incoming / f"catalog-{time.monotonic_ns()}"
        copied = copy_catalog(self.settings.catalog, target)
        if self.last is not None and copied.lake != self.last.lake:
            raise PipelineError(
                f"`{self.vault.folder}` holds backups of another warehouse; name another folder"
            )
        entry = self._keep(Entry("catalog", "catalog", "", 0), str(target), is_local=True)
        target.unlink()
        return entry, copied

    def _read_lake(self, snapshot: int) -> tuple[Mapping[str, int], Mapping[str, str]]:
        """Return rows by table, and SHA-256 of weights, baselines and bundles by name."""
        with open_store(self.settings, snapshot=snapshot) as past:
            artifacts = {
                f"{row['artifact']}{inside}": row["artifact_sha256"]
                for table, inside in (
                    (queries.select_models(past), ""),
                    (queries.select_baselines(past), ""),
                    (queries.select_bundles(past), f"/{DESCRIPTION}"),
                )
                for row in table.select(["artifact", "artifact_sha256"]).to_pylist()
            }
            return queries.count_rows(past), artifacts

    def _list(self, folders: Sequence[str]) -> Iterator[str]:
        home = self.settings.home
        for folder in folders:
            for path in sorted((home / folder).rglob("*")):
                if path.is_file() and not path.is_symlink() and not path.name.endswith(_SKIPPED):
                    yield path.relative_to(home).as_posix()

    def _keep_data(self, file: CatalogFile) -> Entry:
        known = self.known.get(("data", file.path))
        if known is not None and known.size == file.size and self.vault.holds(known):
            return known
        kept = self._keep(Entry("data", file.path, "", file.size), f"{self.data_path}{file.path}")
        if kept.size != file.size:
            raise PipelineError(
                f"the warehouse is damaged: `{self.data_path}{file.path}` has {kept.size} bytes "
                f"and {file.size} are recorded; restore it from an older backup"
            )
        return kept

    def _keep_near(self, item: tuple[Part, str]) -> Entry:
        part, path = item
        place = self.settings.home / path
        status = place.stat()
        known = self.known.get((part, path))
        is_same = known is not None and (known.size, known.modified_ns) == (
            status.st_size,
            status.st_mtime_ns,
        )
        if known is not None and is_same and self.vault.holds(known):
            return known
        entry = Entry(part, path, "", status.st_size, status.st_mtime_ns)
        return self._keep(entry, str(place), is_local=True)

    def _keep(self, entry: Entry, place: str, *, is_local: bool = False) -> Entry:
        with open_stored(place, None if is_local else self.s3) as stream:
            digest, size, is_new = self.vault.add(stream)
        if is_new:
            self.new[digest] = size
        kept = replace(entry, sha256=digest, size=size)
        # Another try need not copy it again.
        self.known[entry.part, entry.path] = kept
        return kept


def in_threads(
    work: Callable[[Item], Done], items: Sequence[Item], advance: Callable[[], None]
) -> list[Done]:
    """Do the same with many files, a few at a time; in order, the first error ends it."""
    done = []
    with ThreadPoolExecutor(THREADS) as threads:
        try:
            for result in threads.map(work, items):
                done.append(result)
                advance()
        except BaseException:
            threads.shutdown(cancel_futures=True)
            raise
    return done
