"""Expire snapshots that nobody needs any more.

A model is trained again from the snapshot it names, so a snapshot that any row names is kept for
ever. Rows are only ever added, so expiring frees no rows: it keeps the catalog, and every listing
of the past, from growing with each commit, and lets DuckLake drop files that merging replaced.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from warehouse.connection import explained, reattach
from warehouse.contention import repeat_on_contention
from warehouse.schemas import TABLES
from warehouse.turns import own_turn
from warehouse.warehouse import Warehouse

_PATIENCE_S = 120.0
NAMING_TABLES = tuple(
    table.name
    for table in TABLES.values()
    if any(column.name == "snapshot" for column in table.columns)
)
"""Tables whose rows name the snapshot they were made from."""

_SNAPSHOTS = """
SELECT snapshot_id, snapshot_time > now() - to_seconds(?::DOUBLE)
FROM ducklake_snapshots('lake')
ORDER BY snapshot_id
"""


@dataclass(frozen=True, slots=True)
class Expiry:
    """What became of the snapshots.

    Args:
        expired: Snapshots that were expired or, in a dry run, would be; in order.
        needed: Snapshots that rows name, in order.
        young: Other snapshots that are kept because they are young, the newest, or the first; in
            order.
    """

    expired: tuple[int, ...]
    needed: tuple[int, ...]
    young: tuple[int, ...]


def expire_snapshots(warehouse: Warehouse, *, keep_s: float, dry_run: bool = False) -> Expiry:
    """Expire every snapshot that no row names, but for young ones, the newest and the first.

    The first is the empty lake, from which all that came can be told. A training that is going on
    will name the snapshot it began with, so `keep_s` must be longer than anything that runs.

    Args:
        warehouse: The lake.
        keep_s: Age in seconds under which every snapshot is kept; 0 only while nothing else runs.
        dry_run: Whether to expire nothing.

    Returns:
        What was expired, and what was kept and why.

    Raises:
        WarehouseError: If the catalog cannot be read or changed.
        ContentionError: If other writers held the catalog for two minutes.

    Example:
        >>> import tempfile
        >>> from warehouse import open_warehouse
        >>> from warehouse.testing import make_rows
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with open_warehouse(f"{folder}/catalog.sqlite", f"{folder}/data") as warehouse:
        ...         model = make_rows("models", model_id=["m"], snapshot=[1])
        ...         _ = warehouse.commit({"models": model}, message="a model")
        ...         expire_snapshots(warehouse, keep_s=0)
        Expiry(expired=(), needed=(1,), young=(0, 2))
    """
    connection, lost_races = warehouse._connection, count()

    def attempt() -> Expiry:
        if next(lost_races):
            reattach(connection, warehouse.catalog, warehouse.data_path)
        # In the queue of those who commit: nobody can name one of these meanwhile.
        with own_turn(connection, "expire snapshots", patience_s=_PATIENCE_S):
            expiry = _plan_expiry(warehouse, keep_s)
            if expiry.expired and not dry_run:
                connection.execute(
                    "CALL ducklake_expire_snapshots('lake', versions => ?)", [expiry.expired]
                )
        return expiry

    with explained(warehouse.catalog, "cannot expire snapshots"):
        return repeat_on_contention(attempt, patience_s=_PATIENCE_S)


def _plan_expiry(warehouse: Warehouse, keep_s: float) -> Expiry:
    stored = dict(warehouse._connection.execute(_SNAPSHOTS, [keep_s]).fetchall())
    needed = stored.keys() & set(_list_named(warehouse))
    young = {snapshot for snapshot, is_young in stored.items() if is_young}
    young |= {min(stored), max(stored)}
    expired = stored.keys() - needed - young
    return Expiry(tuple(sorted(expired)), tuple(sorted(needed)), tuple(sorted(young - needed)))


def _list_named(warehouse: Warehouse) -> Iterator[int]:
    named = (f"SELECT snapshot FROM lake.main.{name}" for name in NAMING_TABLES)  # noqa: S608
    for (snapshot,) in warehouse._connection.execute(" UNION ".join(named)).fetchall():
        if snapshot is not None:
            yield snapshot
