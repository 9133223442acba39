"""The one commit: shards and rows become visible together, once, or not at all.

DuckLake keeps inserts of up to ten rows in the catalog itself. That default stays: votes often
come one by one, and each would cost a Parquet file of its own otherwise.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from warehouse.contention import repeat_on_contention
from warehouse.errors import KeyConflictError
from warehouse.rows import describe_key, fit_rows, repeated_keys
from warehouse.schemas import find_table
from warehouse.shards import Shard
from warehouse.table import Table
from warehouse.turns import own_turn

_PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Commit:
    """What one commit did.

    Args:
        snapshot: The snapshot that holds the result; the newest one if nothing was new.
        inserted: New rows by table.
        skipped: Rows by table that were there before, by key.
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
        shards: Shards under the lake's data path; those whose every key is stored are skipped.
        message: The snapshot's message.
        reattach: Attaches the lake anew; called after each lost race.

    Returns:
        What was new and what was not.

    Raises:
        SchemaError: If rows do not fit their table.
        KeyConflictError: If a shard holds some keys that are stored and some that are not, or one
            that is in another shard, or different rows of one call share a key.
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
        with own_turn(connection, message, patience_s=_PATIENCE_S):
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
    if not rows.num_rows:
        return 0
    offered = connection.from_arrow(rows).set_alias("offered")
    stored = _stored_near(connection, table, rows)
    fresh = offered.join(stored, ", ".join(table.key), how="anti").to_arrow_table()
    if fresh.num_rows:
        connection.from_arrow(fresh).insert_into(f"lake.main.{table.name}")
    return int(fresh.num_rows)


def _register(connection: duckdb.DuckDBPyConnection, table: Table, shards: Sequence[Shard]) -> int:
    new = []
    # Read in any case: a file that is not there must fail here and not under a reader.
    offered = {shard.path: _read_keys(connection, table, shard) for shard in shards}
    known = _find_stored(connection, table, pa.concat_tables(offered.values()))
    for shard in shards:
        keys = offered[shard.path]
        old = keys.join(known, list(table.key), join_type="inner") if known.num_rows else known
        if not old.num_rows:
            new.append(shard)
        elif old.num_rows < keys.num_rows:
            _refuse(table, old, "stored")
    repeated = repeated_keys(table, pa.concat_tables(offered[path] for path in offered))
    _refuse(table, repeated, "in another shard of this commit")
    for shard in new:
        connection.execute("CALL ducklake_add_data_files('lake', ?, ?)", [table.name, shard.path])
    return sum(shard.rows for shard in new)


def _read_keys(connection: duckdb.DuckDBPyConnection, table: Table, shard: Shard) -> pa.Table:
    # As a statement and not through `read_parquet`, which would hold the interpreter's lock
    # while it waits for an object store.
    return connection.execute(
        "SELECT COLUMNS(lambda name: list_contains($key, name)) FROM read_parquet($path)",
        {"key": table.key, "path": shard.path},
    ).to_arrow_table()


def _find_stored(
    connection: duckdb.DuckDBPyConnection, table: Table, offered: pa.Table
) -> pa.Table:
    """Return the offered keys that the lake has."""
    stored = _stored_near(connection, table, offered)
    keys = connection.from_arrow(offered).set_alias("offered")
    return keys.join(stored, ", ".join(table.key), how="semi").to_arrow_table()


def _stored_near(
    connection: duckdb.DuckDBPyConnection, table: Table, offered: pa.Table
) -> duckdb.DuckDBPyRelation:
    """Return the stored rows between the least and the greatest offered key.

    DuckLake knows the range of each column in each file, so a commit opens only the files that
    its keys could be in, and costs the same however large the lake is.
    """
    stored = connection.table(f"lake.main.{table.name}")
    for name in table.key:
        low, high = _find_range(offered.column(name))
        is_near = duckdb.ColumnExpression(name).between(
            duckdb.ConstantExpression(low), duckdb.ConstantExpression(high)
        )
        stored = stored.filter(is_near)
    return stored.set_alias("stored")


def _find_range(values: pa.ChunkedArray) -> tuple[str | int, str | int]:
    low, high = pc.min_max(values).as_py().values()
    # DuckLake pastes both into SQL text, which ends at a NUL.
    if isinstance(low, str) and "\0" in low:
        low = low.partition("\0")[0]
    if isinstance(high, str) and "\0" in high:
        high = high.partition("\0")[0] + "\1"
    return low, high


def _refuse(table: Table, offenders: pa.Table, where: str) -> None:
    for row in offenders.slice(0, 1).to_pylist():
        key = describe_key(table, tuple(row[name] for name in table.key))
        raise KeyConflictError(
            f"a shard for `{table.name}` holds {key}, which is already {where};"
            " write shards only for what select queries report as missing"
        )
