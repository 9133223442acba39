"""Migrations are ordered, recorded, transactional and re-runnable."""

import pytest

from warehouse import MigrationError, Warehouse
from warehouse.migrations import list_applied, migrate
from warehouse.statements import list_statements, load_statement

_SHIPPED = {name: load_statement("migrations", name) for name in list_statements("migrations")}


def _tables(warehouse: Warehouse) -> set[str]:
    rows = warehouse._connection.execute("SHOW TABLES").fetchall()
    return {name for (name,) in rows}


def test_new_lake_has_seen_all(empty: Warehouse) -> None:
    """Opening a new lake applies every migration, and applying them again does nothing."""
    assert list_applied(empty._connection) == set(_SHIPPED)
    before = empty.snapshot
    assert migrate(empty._connection) == []
    assert empty.snapshot == before


def test_new_lake_is_made_at_once(empty: Warehouse) -> None:
    """All migrations of a new lake are one snapshot, so that none is left half made."""
    assert empty.snapshot == 1


def test_pending_ones_are_applied_in_order(empty: Warehouse) -> None:
    """Only new migrations run, sorted by name, each as one snapshot."""
    later = {
        "9002_b": "INSERT INTO moods VALUES ('calm')",
        "9001_a": "CREATE TABLE moods (name VARCHAR); CREATE TABLE tones (name VARCHAR)",
    }
    before = empty.snapshot
    assert migrate(empty._connection, _SHIPPED | later) == ["9001_a", "9002_b"]
    assert empty.snapshot == before + 2
    assert {"moods", "tones"} <= _tables(empty)


def test_failure_leaves_it_pending(empty: Warehouse) -> None:
    """A migration that fails half-way leaves no trace, and succeeds once repaired."""
    broken = {"9001_a": "CREATE TABLE moods (name VARCHAR); SELECT * FROM missing_table"}
    with pytest.raises(MigrationError, match=r"`9001_a` failed and stays pending.*missing_table"):
        migrate(empty._connection, _SHIPPED | broken)
    assert "moods" not in _tables(empty)
    repaired = {"9001_a": "CREATE TABLE moods (name VARCHAR)"}
    assert migrate(empty._connection, _SHIPPED | repaired) == ["9001_a"]


def test_earlier_ones_survive_a_later_failure(empty: Warehouse) -> None:
    """What was applied before the failing migration stays applied."""
    later = {"9001_a": "CREATE TABLE moods (name VARCHAR)", "9002_b": "SELECT 1 / 'x'"}
    with pytest.raises(MigrationError, match="`9002_b` failed"):
        migrate(empty._connection, _SHIPPED | later)
    assert "9001_a" in list_applied(empty._connection)
