"""Kinds of columns that tables share."""

import pyarrow as pa

from warehouse.table import Column

TEXT = pa.string()
TEXTS = pa.list_(pa.string())
INT = pa.int32()
BIG = pa.int64()
REAL = pa.float64()
REALS = pa.list_(pa.float64())
FLOATS = pa.list_(pa.float32())
FLAG = pa.bool_()
INSTANT = pa.timestamp("us", tz="UTC")


def optional(name: str, kind: pa.DataType, doc: str) -> Column:
    """Return a column that may be unknown."""
    return Column(name, kind, doc, nullable=True)
