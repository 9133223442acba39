"""Copy a catalog at one moment, tell which files belong to it, and bring it back elsewhere.

A data file is never changed once it is registered, so a catalog as it was at one moment and the
files it names are the lake as it was then, whatever is written meanwhile.
"""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from warehouse import backup_sqlite
from warehouse.backup_postgres import open_postgres
from warehouse.errors import WarehouseError

Kind = Literal["sqlite", "postgres"]
_LAKE = "SELECT schema_uuid FROM ducklake_schema WHERE schema_id = 0"
_NEWEST = "SELECT max(snapshot_id) FROM ducklake_snapshot"
# What waits to be deleted is named by no snapshot any more.
_FILES = """
SELECT DISTINCT
    owner_schema.path || owner.path || file.path AS whole_path,
    owner_schema.path_is_relative AND owner.path_is_relative AND file.path_is_relative AS is_near,
    file.file_size_bytes
FROM (
    SELECT table_id, path, path_is_relative, file_size_bytes FROM ducklake_data_file
    UNION ALL
    SELECT table_id, path, path_is_relative, file_size_bytes FROM ducklake_delete_file
) AS file
JOIN ducklake_table AS owner ON owner.table_id = file.table_id
JOIN ducklake_schema AS owner_schema ON owner_schema.schema_id = owner.schema_id
ORDER BY 1
"""
_FORGET_DELETIONS = "DELETE FROM ducklake_files_scheduled_for_deletion"


@dataclass(frozen=True, slots=True)
class CatalogFile:
    """A data file that a catalog names.

    Args:
        path: Relative to the data path.
        size: Bytes.
    """

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class CatalogCopy:
    """A catalog as it was at one moment.

    Args:
        kind: What kind of database it was copied from.
        lake: Id of the lake, the same for as long as it lives and in every copy.
        snapshot: The newest snapshot.
        files: Every file that any of its snapshots needs.
    """

    kind: Kind
    lake: str
    snapshot: int
    files: tuple[CatalogFile, ...]


def catalog_kind(catalog: str) -> Kind:
    """Return what kind of database a catalog lies in.

    Example:
        >>> catalog_kind("postgresql://db/lake"), catalog_kind("/data/catalog.sqlite")
        ('postgres', 'sqlite')
    """
    return "postgres" if catalog.startswith(("postgres://", "postgresql://")) else "sqlite"


def copy_catalog(catalog: str, target: Path) -> CatalogCopy:
    """Copy a catalog as it is at one moment, while others go on writing.

    Args:
        catalog: Path of a SQLite file, `sqlite:PATH`, or `postgresql://…`.
        target: Where the copy is written: a SQLite file, or SQL. It must not be there yet.

    Returns:
        What was copied, and the files that belong to it.

    Raises:
        WarehouseError: If there is no such catalog, or it is damaged.
    """
    if catalog_kind(catalog) == "postgres":
        with open_postgres(catalog, "cannot copy the catalog") as opened:
            if opened.is_empty():
                message = "cannot copy the catalog: the database holds no lake"
                raise WarehouseError(message)
            with target.open("x", encoding="utf-8", newline="\n") as stream:
                stream.writelines(f"{statement}\n" for statement in opened.dump())
            return _describe("postgres", opened.query)
    source = _sqlite_path(catalog)
    if not source.exists():
        message = f"cannot copy the catalog: there is no `{source}`"
        raise WarehouseError(message)
    command = [sys.executable, "-I", backup_sqlite.__file__, str(source), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        message = f"cannot copy the catalog `{source}`: {done.stderr.strip()}"
        raise WarehouseError(message)
    with closing(sqlite3.connect(target)) as copy:
        return _describe("sqlite", lambda statement: copy.execute(statement).fetchall())


def has_lake(catalog: str) -> bool:
    """Return whether there is a lake, or anything else, in the place of a catalog.

    Args:
        catalog: Path of a SQLite file, `sqlite:PATH`, or `postgresql://…`.

    Raises:
        WarehouseError: If the database cannot be reached.
    """
    if catalog_kind(catalog) == "postgres":
        with open_postgres(catalog, "cannot look into the database") as opened:
            return not opened.is_empty()
    return _sqlite_path(catalog).exists()


def restore_catalog(copy: Path, catalog: str, data_path: str) -> None:
    """Bring a copied catalog back; it is there as a whole or not at all.

    Args:
        copy: What `copy_catalog` wrote, from a database of the same kind.
        catalog: Where it is to be; nothing may be there yet.
        data_path: Normalised data path, under which its files lie already.

    Raises:
        WarehouseError: If something is there, or it cannot be written.
    """
    if has_lake(catalog):
        message = "cannot restore the catalog: there is one already"
        raise WarehouseError(message)
    quoted = data_path.replace("'", "''")
    changes = (
        f"UPDATE ducklake_metadata SET value = '{quoted}' WHERE key = 'data_path'",  # noqa: S608
        # Those files are not part of a copy, so there is nothing to delete.
        _FORGET_DELETIONS,
    )
    if catalog_kind(catalog) == "postgres":
        with open_postgres(catalog, "cannot restore the catalog", writing=True) as opened:
            opened.run(_read_lines(copy))
            opened.run(changes)
        return
    target = _sqlite_path(catalog)
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{uuid4().hex}.partial")
    try:
        shutil.copyfile(copy, unfinished)
        with closing(sqlite3.connect(unfinished)) as opened_file, opened_file:
            for change in changes:
                opened_file.execute(change)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _read_lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", newline="\n") as stream:
        yield from stream


def _sqlite_path(catalog: str) -> Path:
    return Path(catalog.removeprefix("sqlite:")).resolve()


def _describe(kind: Kind, query: Callable[[str], list[tuple[Any, ...]]]) -> CatalogCopy:
    ((lake,),) = query(_LAKE)
    ((snapshot,),) = query(_NEWEST)
    files = []
    for path, is_near, size in query(_FILES):
        if not is_near:
            message = f"cannot copy the lake: `{path}` lies outside its data path"
            raise WarehouseError(message)
        files.append(CatalogFile(path, size))
    return CatalogCopy(kind, str(lake), snapshot, tuple(files))
