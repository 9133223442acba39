"""Copy a SQLite catalog that others write to; run as a program, in a process of its own.

Closing a database file ends every lock its process holds on that file (POSIX), those of DuckDB's
own SQLite included. So no process that may have the catalog open copies it itself.
"""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path


def copy_database(source: str, target: str) -> None:
    """Copy a database as it is at one moment; its writers are not kept waiting.

    Args:
        source: Absolute path of the database.
        target: Path of the copy; a single file, complete when this returns.

    Raises:
        sqlite3.Error: If one cannot be read or the other not be written, or if the copy is damaged.
    """
    with (
        closing(sqlite3.connect(f"{Path(source).as_uri()}?mode=ro", uri=True, timeout=60)) as old,
        closing(sqlite3.connect(target)) as new,
    ):
        # All pages in one step: with write-ahead logging that is one snapshot.
        old.backup(new)
        # Else a `-wal` file would belong to the copy.
        new.execute("PRAGMA journal_mode = DELETE").fetchall()
        found = new.execute("PRAGMA quick_check(1)").fetchall()
        if found != [("ok",)]:
            message = f"the catalog is damaged: {found[0][0]}"
            raise sqlite3.DatabaseError(message)


if __name__ == "__main__":
    try:
        copy_database(*sys.argv[1:])
    except sqlite3.Error as error:
        sys.exit(str(error))
