"""A table as it was found: its columns, the number of each row, and the rows that are broken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import pyarrow as pa

from annotation.columns import IntArray
from annotation.errors import VoteError

BROKEN_SCHEMA: Final = pa.schema(
    [
        pa.field("row", pa.int64(), nullable=False),
        pa.field("detail", pa.string(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True, eq=False)
class RawTable:
    """A table before anyone asked what it means.

    Attributes:
        table: n rows of distinct columns of any type.
        rows: Number of each row in the file, (n,) int64, from 1, header and blanks not counted.
        broken: `BROKEN_SCHEMA`: records that are no rows of this table.
    """

    table: pa.Table
    rows: IntArray
    broken: pa.Table

    @classmethod
    def of(cls, table: pa.Table) -> Self:
        """Number the rows of a table that was read by someone else, such as a Parquet file.

        Raises:
            VoteError: Two columns bear one name.
        """
        check_names(table.column_names)
        rows = np.arange(1, table.num_rows + 1, dtype=np.int64)
        return cls(table, rows, BROKEN_SCHEMA.empty_table())

    def find(self, *names: str) -> str | None:
        """Return the first of these names that is a column."""
        return next((name for name in names if name in self.table.column_names), None)

    def require(self, *names: str) -> str:
        """Return the first of these names that is a column.

        Raises:
            VoteError: None of them is.
        """
        found = self.find(*names)
        if found is None:
            expected = " or ".join(f"`{name}`" for name in names)
            msg = f"the table must have a column {expected}, but has {self.table.column_names}"
            raise VoteError(msg)
        return found


def check_names(names: list[str]) -> None:
    """Refuse a table in which one name stands for two columns."""
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        msg = f"the table has several columns {repeated}; name each column once"
        raise VoteError(msg)
