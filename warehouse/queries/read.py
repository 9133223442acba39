"""Run a named read and hold it to its schema."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pyarrow as pa

from warehouse.errors import SchemaError
from warehouse.table import Table
from warehouse.warehouse import Warehouse

_NO_TABLES: Mapping[str, pa.Table] = MappingProxyType({})


def columns(table: Table, *names: str) -> list[pa.Field]:
    """Return the fields of some columns of a table."""
    return [table.schema.field(name) for name in names]


def count(name: str) -> pa.Field:
    """Return the field of a number of rows."""
    return pa.field(name, pa.int64(), nullable=False)


def read(
    warehouse: Warehouse,
    name: str,
    schema: pa.Schema,
    tables: Mapping[str, pa.Table] = _NO_TABLES,
    **parameters: object,
) -> pa.Table:
    """Run a named query, and hold its answer to the documented schema.

    Columns that tables gained since the snapshot read are unknown in every row.

    Raises:
        SchemaError: If the columns differ otherwise.
    """
    rows = warehouse.query(name, tables, **parameters)
    for field in schema:
        if field.nullable and field.name not in rows.schema.names:
            rows = rows.append_column(field, pa.nulls(rows.num_rows, field.type))
    if rows.schema.names != schema.names:
        raise SchemaError(f"query `{name}` returned {rows.schema.names}, not {schema.names}")
    # DuckDB names list items and time zones differently; values are not copied.
    return rows.cast(schema)


def listed(clip_ids: Sequence[str] | None) -> list[str] | None:
    """Return ids as DuckDB takes them; None for no restriction."""
    return None if clip_ids is None else list(clip_ids)
