"""The data contract is complete and agrees with the tables the migrations create."""

import pytest

from warehouse import TABLES, SchemaError, Warehouse, find_table
from warehouse.table import Table

_DUCKDB_TYPES = {
    "string": "VARCHAR",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    "binary": "BLOB",
    "timestamp[us, tz=UTC]": "TIMESTAMP WITH TIME ZONE",
    "list<item: string>": "VARCHAR[]",
    "list<item: double>": "DOUBLE[]",
    "list<item: float>": "FLOAT[]",
    "list<item: int64>": "BIGINT[]",
}


def test_migrations_create_the_contract(toy: Warehouse) -> None:
    """Every table of the lake has the contract's columns, in order, type and nullability."""
    rows = toy._connection.execute(
        "SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns()"
        " WHERE database_name = 'lake' AND table_name NOT IN ('migrations', 'current_clips')"
        " ORDER BY table_name, column_index"
    ).fetchall()
    expected = [
        (table.name, column.name, _DUCKDB_TYPES[str(column.type)], column.nullable)
        for table in sorted(TABLES.values(), key=lambda table: table.name)
        for column in table.columns
    ]
    assert rows == expected


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_column_is_documented(table: Table) -> None:
    """A table and each of its columns say what they mean, in one sentence."""
    assert table.doc.endswith(".")
    assert all(column.doc.endswith(".") for column in table.columns)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_keys_are_never_null(table: Table) -> None:
    """A key column exists and is not nullable."""
    assert not any(table.schema.field(name).nullable for name in table.key)


def test_unknown_table_is_named() -> None:
    """Asking for a table that is not there lists those that are."""
    with pytest.raises(SchemaError, match="unknown table `clip`; expected one of: corpora, clips"):
        find_table("clip")


def test_empty_table_has_the_schema() -> None:
    """An empty table can stand in for rows."""
    assert find_table("votes").empty().schema == find_table("votes").schema
