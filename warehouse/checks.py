"""Ask the lake for rows that should not exist."""

from dataclasses import dataclass

import duckdb
import pyarrow as pa

from warehouse.statements import list_statements, load_statement, read_purpose


@dataclass(frozen=True, slots=True)
class FailedCheck:
    """A check that found offending rows.

    Args:
        name: The check, named after the defect.
        purpose: Why it matters.
        rows: The evidence.
    """

    name: str
    purpose: str
    rows: pa.Table


def run_checks(connection: duckdb.DuckDBPyConnection) -> list[FailedCheck]:
    """Run every statement in `sql/checks`.

    Args:
        connection: A connection to the lake.

    Returns:
        The checks that failed, by name; empty when all is well.
    """
    failed = []
    for name in list_statements("checks"):
        statement = load_statement("checks", name)
        rows = connection.execute(statement).to_arrow_table()
        if rows.num_rows:
            failed.append(FailedCheck(name, read_purpose(statement), rows))
    return failed
