"""Everything the warehouse can refuse, under one base."""


class WarehouseError(Exception):
    """Base of every error this package raises on purpose."""


class SchemaError(WarehouseError):
    """Rows do not fit the table they were meant for."""


class KeyConflictError(WarehouseError):
    """Two different rows claim one key."""


class SnapshotError(WarehouseError):
    """The requested past does not exist."""


class MigrationError(WarehouseError):
    """The tables of this lake and the tables this code expects cannot be reconciled."""


class ContentionError(WarehouseError):
    """Other writers kept the catalog busy for longer than we were willing to wait."""
