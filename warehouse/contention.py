"""Repeat a transaction that lost a race for the catalog."""

import time
from collections.abc import Callable
from secrets import SystemRandom
from typing import TypeVar

import duckdb

from warehouse.errors import ContentionError

_Result = TypeVar("_Result")

# DuckDB reports both catalogs' lost races as text only: SQLite's lock, a snapshot id or table
# that another writer has created meanwhile, PostgreSQL's serialisation failure and deadlock.
_LOST_RACE = (
    "database is locked",
    "database schema is locked",
    "unique constraint",
    "failed to commit ducklake transaction",
    "transaction conflict",
    "could not serialize access",
    "deadlock detected",
    "already exists",
)
_FIRST_WAIT_S = 0.02
_LONGEST_WAIT_S = 1.0
# Jitter must differ between processes and decides nothing that is stored.
_JITTER = SystemRandom()


def is_contention(error: duckdb.Error) -> bool:
    """Tell whether an error means that another writer came first.

    Args:
        error: What DuckDB raised.

    Example:
        >>> is_contention(duckdb.Error("Failed to execute query: database is locked"))
        True
    """
    text = str(error).lower()
    return any(sign in text for sign in _LOST_RACE)


def repeat_on_contention(transaction: Callable[[], _Result], *, patience_s: float) -> _Result:
    """Run a transaction until it wins the catalog or patience ends.

    Waits between attempts double from 20 ms to 1 s, each multiplied by a uniform draw, so that
    writers which collided once do not collide again in step.

    Args:
        transaction: Does the whole transaction again at every call.
        patience_s: Seconds after which to give up.

    Returns:
        What the transaction returns.

    Raises:
        ContentionError: If the catalog stayed busy for `patience_s`.
    """
    deadline = time.monotonic() + patience_s
    wait_s = _FIRST_WAIT_S
    while True:
        try:
            return transaction()
        except duckdb.Error as error:
            if not is_contention(error):
                raise
            if time.monotonic() >= deadline:
                raise ContentionError(
                    f"the catalog stayed busy for {patience_s:g} s; nothing was written,"
                    " run it again or use fewer writers"
                ) from error
        time.sleep(wait_s * _JITTER.uniform(0.5, 1.5))
        wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
