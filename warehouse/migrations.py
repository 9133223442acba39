"""Bring a lake's tables up to date: ordered, recorded, transactional, re-runnable."""

from collections.abc import Mapping, Sequence

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

    A new lake gets all of them in one transaction: half of its tables would be of no use.

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
    steps = [[name] for name in pending] if applied else [pending]
    return [name for names in steps for name in _apply(connection, names, migrations)]


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


def _apply(
    connection: duckdb.DuckDBPyConnection, names: Sequence[str], scripts: Mapping[str, str]
) -> list[str]:
    """Apply migrations in one transaction; return those that nobody had applied meanwhile."""
    current = ""

    def attempt() -> list[str]:
        nonlocal current
        # Looked up anew: whoever won the race may have applied them.
        applied = list_applied(connection)
        pending = [name for name in names if name not in applied]
        if not pending:
            return []
        with transaction(connection, f"migration {', '.join(pending)}"):
            connection.execute("CREATE TABLE IF NOT EXISTS migrations (name VARCHAR NOT NULL)")
            for current in pending:
                connection.execute(scripts[current])
                connection.execute("INSERT INTO migrations VALUES (?)", [current])
        return pending

    try:
        return repeat_on_contention(attempt, patience_s=_PATIENCE_S)
    except duckdb.Error as error:
        raise MigrationError(f"migration `{current}` failed and stays pending: {error}") from error
