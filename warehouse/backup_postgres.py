"""Write a PostgreSQL catalog as SQL and bring it back, through DuckDB alone.

`pg_dump` would do, but must be installed, and be as new as the server. A catalog needs little: the
tables DuckLake made, their keys and their rows, all seen in one transaction. Each statement is one
line, and `psql -f` understands the file as well.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb

from warehouse.connection import explained, open_duckdb

_ROWS_PER_STATEMENT = 500
_OURS = "relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname ~ '^ducklake_'"
# Constraints first make a table, then rows fill it; a key is checked either way.
_TABLES = f"""
SELECT quote_ident(relname), format(
    'CREATE TABLE %I (%s%s);',
    relname,
    (SELECT string_agg(
        format('%I %s', attname, format_type(atttypid, atttypmod))
        || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END,
        ', ' ORDER BY attnum
     ) FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped),
    (SELECT coalesce(string_agg(', ' || pg_get_constraintdef(oid), '' ORDER BY conname), '')
     FROM pg_constraint WHERE conrelid = pg_class.oid AND contype IN ('p', 'u'))
)
FROM pg_class
WHERE {_OURS}
ORDER BY relname
"""  # noqa: S608 - made of constants


class PostgresCatalog:
    """A catalog seen in one transaction; made by `open_postgres`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement in PostgreSQL's own SQL."""
        found = self._connection.execute(
            "SELECT * FROM postgres_query('catalog', ?)", [statement]
        ).fetchall()
        return list(found)

    def is_empty(self) -> bool:
        """Return whether there is no lake here."""
        return not self.query(f"SELECT relname FROM pg_class WHERE {_OURS} LIMIT 1")  # noqa: S608

    def dump(self) -> Iterator[str]:
        """Yield the statements that make this catalog anew, in a database that has none."""
        for name, create in self.query(_TABLES):
            yield create
            # In the order they were written, as far as PostgreSQL knows it.
            rows = self._connection.execute(
                "SELECT * FROM postgres_query('catalog', ?)",
                [f"SELECT row_to_json(t)::text FROM {name} AS t ORDER BY ctid"],  # noqa: S608
            )
            while batch := rows.fetchmany(_ROWS_PER_STATEMENT):
                yield _insert(name, [row for (row,) in batch])

    def run(self, statements: Iterable[str]) -> None:
        """Run statements in this transaction."""
        for statement in statements:
            self._connection.execute("CALL postgres_execute('catalog', ?)", [statement])


def _insert(name: str, rows: Sequence[str]) -> str:
    # PostgreSQL writes a line break within a text as `\\n`, so this stays one line.
    values = f"[{','.join(rows)}]".replace("'", "''")
    return f"INSERT INTO {name} SELECT * FROM json_populate_recordset(NULL::{name}, '{values}');"  # noqa: S608


@contextmanager
def open_postgres(catalog: str, action: str, *, writing: bool = False) -> Iterator[PostgresCatalog]:
    """Open a catalog for one transaction; what was written is there if the block ends well.

    Args:
        catalog: Its address.
        action: What cannot be done if an error is raised, for its message.
        writing: Whether to write.

    Raises:
        WarehouseError: If it cannot be reached or changed, without its password.
    """
    with explained(catalog, action), open_duckdb(["postgres_scanner"]) as connection:
        quoted = catalog.replace("'", "''")
        options = "TYPE postgres" if writing else "TYPE postgres, READ_ONLY"
        connection.execute(f"ATTACH '{quoted}' AS catalog ({options})")
        connection.begin()
        yield PostgresCatalog(connection)
        if writing:
            connection.commit()
        else:
            connection.rollback()
