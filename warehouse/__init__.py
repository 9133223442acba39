"""What is known: tables, snapshots, SQL."""

from warehouse.checks import FailedCheck
from warehouse.errors import (
    ContentionError,
    KeyConflictError,
    MigrationError,
    SchemaError,
    SnapshotError,
    WarehouseError,
)
from warehouse.lake import Commit
from warehouse.schemas import TABLES, find_table
from warehouse.shards import Shard, write_shard
from warehouse.storage import S3Access
from warehouse.table import Table
from warehouse.warehouse import Warehouse, open_warehouse

__all__ = [
    "TABLES",
    "Commit",
    "ContentionError",
    "FailedCheck",
    "KeyConflictError",
    "MigrationError",
    "S3Access",
    "SchemaError",
    "Shard",
    "SnapshotError",
    "Table",
    "Warehouse",
    "WarehouseError",
    "find_table",
    "open_warehouse",
    "write_shard",
]
