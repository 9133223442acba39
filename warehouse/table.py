"""What a table of the lake is: its columns, their meaning, and its key."""

from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, Arrow type, meaning, and whether it may be unknown."""

    name: str
    type: pa.DataType
    doc: str
    nullable: bool = False


@dataclass(frozen=True)
class Table:
    """One table of the lake.

    Args:
        name: The table's name.
        doc: What one row means.
        key: The columns that identify a row.
        columns: Every column, in stored order.

    Example:
        >>> count = Column("count", pa.int32(), "How many.")
        >>> Table("tallies", "A tally.", ("count",), (count,)).schema.field("count").nullable
        False
    """

    name: str
    doc: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema rows of this table have."""
        return pa.schema([pa.field(c.name, c.type, nullable=c.nullable) for c in self.columns])

    def empty(self) -> pa.Table:
        """Return this table without rows."""
        return self.schema.empty_table()
