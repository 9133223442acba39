"""The one commit: shards and rows become visible together, once, or not at all.

DuckLake keeps inserts of up to ten rows in the catalog itself. That default stays: votes often
come one by one, and each would cost a Parquet file of its own otherwise.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import PurePosixPath

import duckdb
import pyarrow as pa

from warehouse.contention import repeat_on_contention
from warehouse.errors import KeyConflictError
from warehouse.rows import describe_key, fit_rows, repeated_keys
from warehouse.schemas import find_table
from warehouse.shards import Shard
from warehouse.table import Table
from warehouse.transaction import transaction

_PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Commit:
    """What one commit did.

    Args:
        snapshot: The snapshot that holds the result; the newest one if nothing was new.
        inserted: New rows by table.
        skipped: Rows by table that were there before, by key (rows) or by file (shards).
    """

    snapshot: int
    inserted: Mapping[str, int]
    skipped: Mapping[str, int]


def commit_batch(
    connection: duckdb.DuckDBPyConnection,
    rows: Mapping[str, pa.Table],
    shards: Sequence[Shard],
    message: str,
    *,
    reattach: Callable[[], None],
) -> Commit:
    """Register shards and insert rows in one transaction; repeat it until it wins the catalog.

    Args:
        connection: A writable connection to the lake.
        rows: Rows by table name; those whose key is stored are skipped.
        shards: Shards under the lake's data path; those registered are skipped.
        message: The snapshot's message.
        reattach: Attaches the lake anew; called after each lost race.

    Returns:
        What was new and what was not.

    Raises:
        SchemaError: If rows do not fit their table.
        KeyConflictError: If a new shard holds a key that is stored or in another new shard, or
            different rows of one call share a key.
        ContentionError: If other writers kept the catalog busy.
        duckdb.Error: If a shard cannot be read.
    """
    fitted = {name: fit_rows(find_table(name), table) for name, table in rows.items()}
    by_table: dict[str, dict[str, Shard]] = {}
    for shard in shards:
        by_table.setdefault(shard.table, {})[shard.path] = shard

    lost_races = count()

    def attempt() -> Commit:
        if next(lost_races):
            reattach()
        inserted: dict[str, int] = {}
        offered: dict[str, int] = {}
        with transaction(connection, message):
            for name, paths in by_table.items():
                inserted[name] = _register(connection, find_table(name), list(paths.values()))
                offered[name] = sum(shard.rows for shard in paths.values())
            for name, table in fitted.items():
                new = _insert(connection, find_table(name), table)
                inserted[name] = inserted.get(name, 0) + new
                offered[name] = offered.get(name, 0) + table.num_rows
        skipped = {name: offered[name] - inserted[name] for name in offered}
        return Commit(read_snapshot(connection), inserted, skipped)

    return repeat_on_contention(attempt, patience_s=_PATIENCE_S)


def read_snapshot(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the number of the snapshot the connection reads.

    Args:
        connection: A connection to the lake.
    """
    row = connection.execute("SELECT id FROM ducklake_current_snapshot('lake')").fetchall()[0]
    return int(row[0])


def _insert(connection: duckdb.DuckDBPyConnection, table: Table, rows: pa.Table) -> int:
    stored = connection.table(f"lake.main.{table.name}").set_alias("stored")
    offered = connection.from_arrow(rows).set_alias("offered")
    fresh = offered.join(stored, ", ".join(table.key), how="anti").to_arrow_table()
    if fresh.num_rows:
        connection.from_arrow(fresh).insert_into(f"lake.main.{table.name}")
    return int(fresh.num_rows)


def _register(connection: duckdb.DuckDBPyConnection, table: Table, shards: Sequence[Shard]) -> int:
    listed = connection.execute(
        "SELECT data_file FROM ducklake_list_files('lake', ?)", [table.name]
    ).fetchall()
    # Content names the file, so the name alone decides, wherever the lake was moved to.
    registered = {PurePosixPath(path).name for (path,) in listed}
    new = [shard for shard in shards if PurePosixPath(shard.path).name not in registered]
    if not new:
        return 0
    _refuse_stored_keys(connection, table, new)
    for shard in new:
        connection.execute("CALL ducklake_add_data_files('lake', ?, ?)", [table.name, shard.path])
    return sum(shard.rows for shard in new)


def _refuse_stored_keys(
    connection: duckdb.DuckDBPyConnection, table: Table, shards: Sequence[Shard]
) -> None:
    # As a statement and not through `read_parquet`, which would hold the interpreter's lock
    # while it waits for an object store.
    offered = connection.execute(
        "SELECT COLUMNS(lambda name: list_contains($key, name)) FROM read_parquet($paths)",
        {"key": table.key, "paths": [shard.path for shard in shards]},
    ).to_arrow_table()
    stored = connection.table(f"lake.main.{table.name}").set_alias("stored")
    known = (
        connection.from_arrow(offered)
        .set_alias("offered")
        .join(stored, ", ".join(table.key), how="semi")
        .to_arrow_table()
    )
    for offenders, where in (
        (known, "stored"),
        (repeated_keys(table, offered), "in another shard of this commit"),
    ):
        for row in offenders.slice(0, 1).to_pylist():
            key = describe_key(table, tuple(row[name] for name in table.key))
            raise KeyConflictError(
                f"a shard for `{table.name}` holds {key}, which is already {where};"
                " write shards only for what select queries report as missing"
            )
