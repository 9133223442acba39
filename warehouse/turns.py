"""Take turns: whoever commits, or sweeps files, holds the catalog alone.

DuckLake lets writers race for the next snapshot and throws away the work of those who lose. In a
queue nobody loses, and a sweep that stands in it can never take away a file between the moment a
commit has seen it and the moment the commit is done. A killed process leaves the queue: both
locks end with the process.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from secrets import SystemRandom

import duckdb

from warehouse.errors import ContentionError
from warehouse.transaction import transaction

_WAIT_S = 0.02
# Any number does that no other program uses for this database.
_TRY_LOCK = """
SELECT * FROM postgres_query(
    '__ducklake_metadata_lake', 'SELECT pg_try_advisory_xact_lock(1578242057)'
)
"""
_JITTER = SystemRandom()


@contextmanager
def own_turn(
    connection: duckdb.DuckDBPyConnection, message: str, *, patience_s: float
) -> Iterator[None]:
    """Run the block as a transaction during which no other writer of the lake is in one.

    Args:
        connection: A writable connection to the lake.
        message: The snapshot's message.
        patience_s: Seconds to wait for the turn.

    Raises:
        ContentionError: If the turn did not come.
        duckdb.Error: If the commit fails; nothing is written then.
    """
    folder = _folder_of_sqlite(connection)
    with ExitStack() as turn:
        if folder is None:
            # Held by a connection of its own: a transaction of PostgreSQL sees what was there
            # when it began, so this one must begin after the wait.
            holder = turn.enter_context(connection.cursor())
            _wait(lambda: _lock_database(holder), patience_s)
            turn.callback(holder.rollback)
        else:
            file = os.open(folder, os.O_RDONLY)
            turn.callback(os.close, file)
            _wait(lambda: _lock_folder(file), patience_s)
        turn.enter_context(transaction(connection, message))
        yield


def _folder_of_sqlite(connection: duckdb.DuckDBPyConnection) -> Path | None:
    (path,) = connection.execute(
        "SELECT path FROM duckdb_databases() WHERE database_name = 'lake'"
    ).fetchall()[0]
    if not path.startswith("sqlite:"):
        return None
    # Not the catalog itself: closing that file here would end the locks SQLite holds on it.
    return Path(path.removeprefix("sqlite:")).parent


def _wait(try_lock: Callable[[], bool], patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while not try_lock():
        if time.monotonic() >= deadline:
            raise ContentionError(
                f"other writers held the catalog for {patience_s:g} s; nothing was written,"
                " run it again or use fewer writers"
            )
        time.sleep(_WAIT_S * _JITTER.uniform(0.5, 1.5))


def _lock_folder(file: int) -> bool:
    if sys.platform == "win32":
        # Without this lock lost races are repeated as ever, and a sweep relies on ages alone.
        return True
    import fcntl  # noqa: PLC0415 - does not exist everywhere

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_database(holder: duckdb.DuckDBPyConnection) -> bool:
    holder.begin()
    (is_ours,) = holder.execute(_TRY_LOCK).fetchall()[0]
    if not is_ours:
        holder.rollback()
    return bool(is_ours)
