"""One all-or-nothing unit of work."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection, message: str) -> Iterator[None]:
    """Commit what the block did as one snapshot, or nothing if it raises.

    Args:
        connection: A connection to the lake.
        message: The snapshot's message.

    Raises:
        duckdb.Error: If the commit fails; nothing is written then.
    """
    connection.begin()
    try:
        yield
        connection.execute(
            "CALL lake.set_commit_message('serloop', ?, extra_info => '{}')", [message]
        )
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
