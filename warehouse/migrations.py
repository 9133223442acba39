"""Bring a lake's tables up to date: ordered, recorded, transactional, re-runnable."""

from collections.abc import Mapping

import duckdb

from warehouse.contention import repeat_on_contention
from warehouse.errors import MigrationError
from warehouse.statements import list_statements, load_statement
from warehouse.transaction import transaction

_PATIENCE_S = 60.0


def migrate(
    connection: duckdb.DuckDBPyConnection, migrations: Mapping[str, str] | None = None
) -> list[str]:
    """Apply every migration the lake has not seen, each in a transaction of its own.

    Args:
        connection: A connection to the lake.
        migrations: SQL scripts by name, applied in the order of their names; None for those
            shipped with this package.

    Returns:
        The names applied by this call.

    Raises:
        MigrationError: If a migration fails, in which case it stays pending, or if the lake
            has seen one that this code does not know.
        ContentionError: If other writers keep the catalog busy.
    """
    if migrations is None:
        migrations = {n: load_statement("migrations", n) for n in list_statements("migrations")}
    applied = list_applied(connection)
    _refuse_unknown(applied, migrations)
    pending = sorted(set(migrations) - applied)
    return [name for name in pending if _apply(connection, name, migrations[name])]


def list_applied(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the names of the migrations a lake has seen.

    Args:
        connection: A connection to the lake.
    """
    try:
        rows = connection.execute("SELECT name FROM migrations").fetchall()
    except duckdb.CatalogException:
        # A new lake has no such table yet.
        return set()
    return {name for (name,) in rows}


def _refuse_unknown(applied: set[str], migrations: Mapping[str, str]) -> None:
    unknown = sorted(applied - set(migrations))
    if unknown:
        raise MigrationError(
            f"the lake has seen migration `{unknown[-1]}`, which this version of serloop"
            " does not know; upgrade serloop"
        )


def _apply(connection: duckdb.DuckDBPyConnection, name: str, script: str) -> bool:
    def attempt() -> bool:
        # Looked up anew: whoever won the race may have applied it.
        if name in list_applied(connection):
            return False
        with transaction(connection, f"migration {name}"):
            connection.execute("CREATE TABLE IF NOT EXISTS migrations (name VARCHAR NOT NULL)")
            connection.execute(script)
            connection.execute("INSERT INTO migrations VALUES (?)", [name])
        return True

    try:
        return repeat_on_contention(attempt, patience_s=_PATIENCE_S)
    except duckdb.Error as error:
        raise MigrationError(f"migration `{name}` failed and stays pending: {error}") from error
