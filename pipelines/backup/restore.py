"""Restore: bring a backup back where nothing is yet, after every byte of it was verified."""

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipelines.backup.make import in_threads
from pipelines.backup.manifest import Entry, Manifest
from pipelines.backup.vault import Vault, open_vault
from pipelines.errors import PipelineError
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store, s3_access
from warehouse import queries
from warehouse.backup import catalog_kind, has_lake, restore_catalog
from warehouse.backup_files import hash_stream, open_stored, write_stored
from warehouse.errors import WarehouseError
from warehouse.schemas import TABLES
from warehouse.storage import find_file, list_folder, normalise_data_path

MARKER = ".restoring"
"""Names, in a home, the backup that is being restored to it."""
_SHOWN = 5
_OWNER_ONLY, _OWNER_ONLY_FOLDER = 0o600, 0o700


@dataclass(frozen=True)
class RestoreResult:
    """What was restored, or only checked.

    Args:
        is_check: Whether nothing was written.
        name: The backup.
        made_at: When it was made, in UTC.
        home: The home it was restored to; None for a check.
        snapshot: Its newest snapshot.
        files: Its files.
        size: Their bytes.
        table_rows: Rows of all tables.
        seconds: How long it took.
    """

    is_check: bool
    name: str
    made_at: str
    home: str | None
    snapshot: int
    files: int
    size: int
    table_rows: int
    seconds: float

    def rows(self) -> Sequence[Row]:
        """Return one row."""
        return [
            {
                "done": "every file is as it was written" if self.is_check else "restored",
                "backup": self.name,
                "home": self.home,
                "snapshot": self.snapshot,
                "files": self.files,
                "bytes": self.size,
                "rows": self.table_rows,
                "seconds": self.seconds,
            }
        ]


def restore(
    settings: Settings,
    progress: Progress,
    *,
    folder: Path,
    name: str | None = None,
    check: bool = False,
) -> RestoreResult:
    """Bring a backup back to the home, catalog and data path of the settings; none may be there.

    Every file is verified against its SHA-256 before the first is written. Killed at any moment,
    it goes on when it is run again; the catalog comes last, and with it the warehouse.

    Args:
        settings: Where everything is to be; a data path or a bucket other than before will do,
            the catalog must be of the same kind of database.
        progress: Where progress is shown.
        folder: Folder of backups.
        name: The backup; default: the newest.
        check: Whether to verify it only, and write nothing.

    Returns:
        What was restored.

    Raises:
        PipelineError: If the backup is damaged, with the files that are, or if something is there.
        WarehouseError: If the catalog cannot be written.
    """
    began = time.monotonic()
    with open_vault(folder.expanduser().absolute(), writing=False) as vault:
        name = name or vault.names()[-1]
        manifest = vault.read(name)
        if not check:
            _refuse_target(settings, manifest, name)
        _verify(vault, name, manifest, progress)
        if not check:
            _write(settings, vault, name, manifest, progress)
    return RestoreResult(
        is_check=check,
        name=name,
        made_at=manifest.made_at,
        home=None if check else str(settings.home),
        snapshot=manifest.snapshot,
        files=len(manifest.files),
        size=manifest.size,
        table_rows=sum(manifest.rows.values()),
        seconds=time.monotonic() - began,
    )


def _verify(vault: Vault, name: str, manifest: Manifest, progress: Progress) -> None:
    with progress.track("verify", len(manifest.files), "files") as advance:
        found = [wrong for wrong in in_threads(vault.check, manifest.files, advance) if wrong]
    if found:
        more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise PipelineError(
            f"the backup `{name}` is damaged and nothing was restored: "
            f"{'; '.join(found[:_SHOWN])}{more}; choose another by `--name`, or back up again"
        )


def _refuse_target(settings: Settings, manifest: Manifest, name: str) -> None:
    kind = catalog_kind(settings.catalog)
    if kind != manifest.kind:
        raise PipelineError(
            f"the backup `{name}` holds a catalog of {manifest.kind}, and "
            f"SERLOOP_WAREHOUSE__CATALOG names one of {kind}; name one of {manifest.kind}"
        )
    if _read_marker(settings.home) == name:
        return
    if has_lake(settings.catalog):
        raise PipelineError(
            "there is a warehouse already in the place of the catalog; restore to another "
            "`--home`, or set SERLOOP_WAREHOUSE__CATALOG"
        )
    for place in _occupied(settings):
        raise PipelineError(
            f"`{place}` is not empty; restore to another `--home`, or remove what is there"
        )


def _occupied(settings: Settings) -> Sequence[str]:
    home = settings.home
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        return [str(home)]
    s3 = s3_access(settings)
    data_path = normalise_data_path(settings.data_path, s3)
    tables = (f"{data_path}main/{table}/" for table in (*TABLES, "migrations"))
    return [table for table in tables if any(list_folder(table, s3))]


def _read_marker(home: Path) -> str | None:
    with suppress(FileNotFoundError, NotADirectoryError, ValueError):
        named: str = json.loads((home / MARKER).read_text(encoding="utf-8"))["backup"]
        return named
    return None


def _write(
    settings: Settings, vault: Vault, name: str, manifest: Manifest, progress: Progress
) -> None:
    settings.home.mkdir(parents=True, exist_ok=True)
    marker = settings.home / MARKER
    marker.write_text(json.dumps({"backup": name}), encoding="utf-8")
    files = tuple(manifest.of("data", "home", "secret"))
    for folder in {entry.path.partition("/")[0] for entry in files if entry.is_private}:
        (settings.home / folder).mkdir(mode=_OWNER_ONLY_FOLDER, exist_ok=True)
    with progress.track("restore", len(files), "files") as advance:
        in_threads(partial(_bring_back, settings, vault), files, advance)
    (catalog,) = manifest.of("catalog")
    if not has_lake(settings.catalog):
        data_path = normalise_data_path(settings.data_path, s3_access(settings))
        restore_catalog(vault.path_of(catalog.sha256), settings.catalog, data_path)
    _compare_rows(settings, manifest)
    marker.unlink()


def _bring_back(settings: Settings, vault: Vault, entry: Entry) -> None:
    s3 = s3_access(settings) if entry.part == "data" else None
    root = (
        normalise_data_path(settings.data_path, s3)
        if entry.part == "data"
        else f"{settings.home.absolute()}/"
    )
    target = f"{root}{entry.path}"
    found = find_file(target, s3)
    if found is not None and found.size == entry.size:
        # Left by a restore that was killed.
        with open_stored(target, s3) as stream:
            if hash_stream(stream)[0] == entry.sha256:
                return
    mode = _OWNER_ONLY if entry.is_private else 0o666
    with open_stored(str(vault.path_of(entry.sha256)), None) as stream:
        digest, _ = write_stored(stream, target, s3, mode=mode)
    if digest != entry.sha256:
        raise PipelineError(f"{entry} changed while it was restored; run it again")


def _compare_rows(settings: Settings, manifest: Manifest) -> None:
    with open_store(settings, snapshot=manifest.snapshot) as past:
        found = queries.count_rows(past)
    for table, rows in manifest.rows.items():
        if found.get(table) != rows:
            raise WarehouseError(
                f"the restored table `{table}` has {found.get(table)} rows instead of {rows}; "
                "the backup was made of a damaged warehouse, choose another by `--name`"
            )
