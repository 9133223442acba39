"""The lake as one object: open, read, commit, check."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from types import MappingProxyType, TracebackType
from typing import Self

import duckdb
import pyarrow as pa

from warehouse.checks import FailedCheck, run_checks
from warehouse.connection import connect, explained, reattach, redact
from warehouse.contention import repeat_on_contention
from warehouse.errors import SnapshotError, WarehouseError
from warehouse.lake import Commit, commit_batch, read_snapshot
from warehouse.migrations import migrate
from warehouse.schemas import TABLES
from warehouse.shards import Shard
from warehouse.statements import load_statement
from warehouse.storage import S3Access, normalise_data_path

_OPENING_PATIENCE_S = 60.0
_NO_ROWS: Mapping[str, pa.Table] = MappingProxyType({})


class Warehouse:
    """An open lake; made by `open_warehouse`, used by one thread, closed by `with`.

    Every read of a live warehouse sees the newest snapshot; one opened with `snapshot` or `as_of`
    sees that past only and refuses to commit.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        *,
        catalog: str,
        data_path: str,
        s3: S3Access | None,
        is_past: bool,
    ) -> None:
        self._connection = connection
        self._is_past = is_past
        self.catalog = catalog
        self.data_path = data_path
        self.s3 = s3

    def __enter__(self) -> Self:
        """Return the warehouse itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the warehouse."""
        self.close()

    def __repr__(self) -> str:
        """Return where the warehouse lies, without secrets."""
        return f"Warehouse(catalog={redact(self.catalog)!r}, data_path={self.data_path!r})"

    @property
    def snapshot(self) -> int:
        """The number of the snapshot reads see now."""
        return read_snapshot(self._connection)

    def close(self) -> None:
        """Release the catalog; closing twice is harmless."""
        self._connection.close()

    def commit(
        self,
        rows: Mapping[str, pa.Table] = _NO_ROWS,
        *,
        shards: Sequence[Shard] = (),
        message: str,
    ) -> Commit:
        """Make rows and shards visible together, as one snapshot; what is stored is skipped.

        Killed at any moment it leaves nothing or everything, and running it again is harmless.
        When nothing is new no snapshot is created.

        Args:
            rows: Rows by table name; a row whose key is stored is skipped, whatever it holds.
            shards: Shards written by `write_shard` under this warehouse's `data_path`; one whose
                every key is stored is skipped.
            message: Why, for the snapshot's record.

        Returns:
            The snapshot and the counts of new and skipped rows.

        Raises:
            SchemaError: If rows do not fit their table.
            KeyConflictError: If different rows of this call share a key, or a shard holds some keys
                that are stored and some that are not.
            ContentionError: If other writers kept the catalog busy for two minutes.
            WarehouseError: If this is the past, or a shard is unreadable or lies elsewhere.
        """
        if self._is_past:
            raise SnapshotError("a past snapshot is read-only; open the warehouse without it")
        for shard in shards:
            if not shard.path.startswith(self.data_path):
                raise WarehouseError(
                    f"shard `{shard.path}` lies outside `data_path` `{self.data_path}`;"
                    " write it with `write_shard(warehouse.data_path, ...)`"
                )
        with explained(self.catalog, f"cannot commit `{message}`"):
            return commit_batch(
                self._connection,
                rows,
                shards,
                message,
                reattach=lambda: reattach(self._connection, self.catalog, self.data_path),
            )

    def check(self) -> list[FailedCheck]:
        """Return the checks that found offending rows, with those rows."""
        return run_checks(self._connection)

    def query(
        self, name: str, tables: Mapping[str, pa.Table] = _NO_ROWS, **parameters: object
    ) -> pa.Table:
        """Run a statement of `sql/queries`; callers use the typed functions of `queries`.

        Args:
            name: The statement's name.
            tables: Tables of the caller's that the statement reads, by name.
            **parameters: Values of its `$name` parameters.

        Raises:
            WarehouseError: If DuckDB cannot run it.
        """
        statement = load_statement("queries", name)
        with explained(self.catalog, f"query `{name}` failed"), ExitStack() as given:
            for table_name, table in tables.items():
                self._connection.register(table_name, table)
                given.callback(self._connection.unregister, table_name)
            return self._connection.execute(statement, parameters or None).to_arrow_table()


def open_warehouse(
    catalog: str,
    data_path: str,
    *,
    s3: S3Access | None = None,
    snapshot: int | None = None,
    as_of: datetime | None = None,
) -> Warehouse:
    """Open a lake, creating and migrating it when it is new.

    Args:
        catalog: Path of a SQLite file, `sqlite:PATH`, or `postgresql://…`.
        data_path: A local folder or `s3://bucket/prefix`.
        s3: Access to the object store, for a data path there.
        snapshot: Read the lake as of this snapshot, read-only.
        as_of: Read the lake as of this moment (with a time zone), read-only.

    Returns:
        The warehouse, a context manager.

    Raises:
        SnapshotError: If there is no such past, or it is older than the tables.
        MigrationError: If a migration fails or the lake is newer than this code.
        WarehouseError: If the lake cannot be attached.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with open_warehouse(f"{folder}/catalog.sqlite", f"{folder}/data") as warehouse:
        ...         len(warehouse.check())
        0
    """
    place = normalise_data_path(data_path, s3)
    is_past = snapshot is not None or as_of is not None
    connection = repeat_on_contention(
        lambda: connect(catalog, place, s3=s3, snapshot=snapshot, as_of=as_of),
        patience_s=_OPENING_PATIENCE_S,
    )
    try:
        if is_past:
            _complete_tables(connection)
        else:
            migrate(connection)
    except BaseException:
        connection.close()
        raise
    return Warehouse(connection, catalog=catalog, data_path=place, s3=s3, is_past=is_past)


def _complete_tables(connection: duckdb.DuckDBPyConnection) -> None:
    rows = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = 'lake'"
    ).fetchall()
    if not rows:
        raise SnapshotError(
            f"snapshot {read_snapshot(connection)} is older than every table; choose a later one"
        )
    for name in TABLES.keys() - {name for (name,) in rows}:
        # A table that came later was empty then.
        connection.register(name, TABLES[name].empty())
