"""Sweep what killed processes left below the data path, and merge small files.

DuckLake has a sweep of its own, `ducklake_delete_orphaned_files`. It compares whole paths as text,
which has cost others live files (duckdb/ducklake issue 815), sees Parquet files only, and can take
a file between the moment a commit has seen it and the moment the commit is done. This one goes by
the unique names of files, looks into the tables' own folders only, and stands in the queue of
those who commit.

Nothing else is left behind by `kill -9`. SQLite takes up its `-wal` and `-shm` files at the next
opening. An upload to S3 that was cut off never becomes an object; its parts are for a lifecycle
rule of the bucket (AbortIncompleteMultipartUpload), since listing them needs rights that writing
does not.
"""

import os
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path, PurePosixPath
from tempfile import gettempdir

import duckdb

from warehouse.connection import SPILL_PREFIX, explained, reattach
from warehouse.contention import repeat_on_contention
from warehouse.schemas import TABLES
from warehouse.storage import StoredFile, delete_file, find_file, list_folder
from warehouse.turns import own_turn
from warehouse.warehouse import Warehouse

_PATIENCE_S = 120.0
# Writers wait while files are deleted, so they get a turn in between.
_FILES_PER_TURN = 100
# What `write_shard` and DuckLake itself write; anything else is somebody's.
_OURS = re.compile(
    r"[0-9a-f]{64}\.parquet|\.[0-9a-f]{64}\.[0-9a-f]{32}\.partial|ducklake-[0-9a-f-]{36}[\w-]*\.\w+"
)
_REGISTERED = """
SELECT path FROM __ducklake_metadata_lake.ducklake_data_file
UNION ALL SELECT path FROM __ducklake_metadata_lake.ducklake_delete_file
UNION ALL SELECT path FROM __ducklake_metadata_lake.ducklake_files_scheduled_for_deletion
"""
_IN_SMALL_FILES = """
SELECT table_name
FROM __ducklake_metadata_lake.ducklake_data_file AS file
JOIN __ducklake_metadata_lake.ducklake_table AS owner USING (table_id)
WHERE file.end_snapshot IS NULL AND owner.end_snapshot IS NULL AND file_size_bytes < ?
GROUP BY table_name
HAVING count(*) > 1
ORDER BY table_name
"""
# Merging holds the rows of a merged file in memory, and shards of signals are large enough.
_SMALL_BYTES = 1 << 20
_MERGED_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep found.

    Args:
        removed: Files that no snapshot names, removed or, in a dry run, to be removed.
        young: Files that no snapshot names either, but that may be about to be committed.
    """

    removed: tuple[StoredFile, ...]
    young: tuple[StoredFile, ...]


def sweep_files(warehouse: Warehouse, *, grace_s: float, dry_run: bool = False) -> Sweep:
    """Remove the data files that no snapshot names and that nobody has touched for a while.

    A registered file is never removed, whatever the grace. A file that a running ingest has
    written and not yet committed is kept as long as it is younger than the grace: writing it,
    or finding it there, makes it new. If it is removed all the same, that ingest ends with an
    error and its next run writes the file again.

    Args:
        warehouse: The lake; its data path belongs to it alone.
        grace_s: Age in seconds under which files are kept; 0 only while nothing else runs.
        dry_run: Whether to remove nothing.

    Returns:
        What was removed, and what is too young.

    Raises:
        WarehouseError: If the catalog cannot be read.
        ContentionError: If other writers held the catalog for two minutes.
        OSError: If a file cannot be removed.

    Example:
        >>> import tempfile
        >>> from warehouse import open_warehouse, write_shard
        >>> from warehouse.testing import make_rows
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with open_warehouse(f"{folder}/catalog.sqlite", f"{folder}/data") as warehouse:
        ...         shard = write_shard(
        ...             warehouse.data_path, "features", make_rows("features", clip_id=["c/1"])
        ...         )
        ...         sweep = sweep_files(warehouse, grace_s=3600)
        ...         len(sweep.removed), sweep.young[0].path == shard.path
        (0, True)
    """
    # Listed before the catalog is read: what is registered later is in the catalog, too.
    found = list(_list_ours(warehouse))
    registered = _read_registered(warehouse)
    strays = [file for file in found if _name(file.path) not in registered]
    newest = time.time() - grace_s
    young = [file for file in strays if file.modified_s > newest]
    old = [file for file in strays if file.modified_s <= newest]
    if dry_run:
        return Sweep(tuple(old), tuple(young))
    removed: list[StoredFile] = []
    for start in range(0, len(old), _FILES_PER_TURN):
        removed += _remove(warehouse, old[start : start + _FILES_PER_TURN], newest)
    return Sweep(tuple(removed), tuple(young))


def merge_files(warehouse: Warehouse, *, grace_s: float) -> int:
    """Merge runs of small files into larger ones, table by table; every snapshot stays readable.

    The files that were merged stay for the readers that have opened them, and are removed by a
    call that comes a grace later.

    Args:
        warehouse: The lake.
        grace_s: Seconds for which merged files are kept; 0 only while nothing else runs.

    Returns:
        The number of files merged.

    Raises:
        WarehouseError: If DuckLake cannot merge them.
        ContentionError: If other writers held the catalog for two minutes.
    """
    connection, merged = warehouse._connection, 0
    with explained(warehouse.catalog, "cannot merge files"):
        connection.execute(f"SET ducklake_target_file_size = '{_MERGED_BYTES}B'")
        _remove_merged(connection, grace_s)
        for (name,) in connection.execute(_IN_SMALL_FILES, [_SMALL_BYTES]).fetchall():
            merged += _merge_table(warehouse, name)
        _remove_merged(connection, grace_s)
    return merged


def _merge_table(warehouse: Warehouse, name: str) -> int:
    connection, lost_races = warehouse._connection, count()

    def attempt() -> int:
        if next(lost_races):
            reattach(connection, warehouse.catalog, warehouse.data_path)
        with own_turn(connection, f"merge small files of {name}", patience_s=_PATIENCE_S):
            done = connection.execute(
                "CALL ducklake_merge_adjacent_files('lake', ?, max_file_size => ?)",
                [name, _SMALL_BYTES],
            ).fetchall()
        return sum(files for _, _, files, _ in done)

    return repeat_on_contention(attempt, patience_s=_PATIENCE_S)


def _remove_merged(connection: duckdb.DuckDBPyConnection, grace_s: float) -> None:
    # All or none: DuckLake compares its `older_than` as text on SQLite, where every file that was
    # merged today is older than an hour.
    (is_due,) = connection.execute(
        "SELECT max(schedule_start::TIMESTAMPTZ) <= now() - to_seconds(?::DOUBLE)"
        " FROM __ducklake_metadata_lake.ducklake_files_scheduled_for_deletion",
        [grace_s],
    ).fetchall()[0]
    if is_due:
        connection.execute("CALL ducklake_cleanup_old_files('lake', cleanup_all => true)")


def sweep_spills(*, grace_s: float, dry_run: bool = False) -> list[Path]:
    """Remove the folders that queries of killed processes have spilled to.

    Args:
        grace_s: Age in seconds under which folders are kept.
        dry_run: Whether to remove nothing.

    Returns:
        The folders removed or, in a dry run, to be removed.
    """
    newest = time.time() - grace_s
    dead = []
    for folder in sorted(Path(gettempdir()).glob(f"{SPILL_PREFIX}*-*")):
        process = folder.name.removeprefix(SPILL_PREFIX).partition("-")[0]
        with suppress(FileNotFoundError):
            if folder.stat().st_mtime <= newest and not _is_running(process):
                dead.append(folder)
    if not dry_run:
        for folder in dead:
            shutil.rmtree(folder, ignore_errors=True)
    return dead


def _is_running(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True


def _list_ours(warehouse: Warehouse) -> Iterator[StoredFile]:
    for name in (*TABLES, "migrations"):
        for file in list_folder(f"{warehouse.data_path}main/{name}/", warehouse.s3):
            if _OURS.fullmatch(_name(file.path)):
                yield file


def _read_registered(warehouse: Warehouse) -> frozenset[str]:
    with explained(warehouse.catalog, "cannot read which files are registered"):
        rows = warehouse._connection.execute(_REGISTERED).fetchall()
    # Names are hashes or random, so they decide wherever the lake was moved to.
    return frozenset(_name(path) for (path,) in rows)


def _name(path: str) -> str:
    return PurePosixPath(path).name


def _remove(
    warehouse: Warehouse, files: Sequence[StoredFile], newest: float
) -> Iterator[StoredFile]:
    with (
        explained(warehouse.catalog, "cannot sweep"),
        own_turn(warehouse._connection, "sweep", patience_s=_PATIENCE_S),
    ):
        # Read anew, since nobody can commit any more.
        registered = _read_registered(warehouse)
        for file in files:
            now = find_file(file.path, warehouse.s3)
            if now is None or now.modified_s > newest or _name(file.path) in registered:
                continue
            delete_file(file.path, warehouse.s3)
            yield now
