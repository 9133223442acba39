"""Counts over the whole warehouse."""

import pyarrow as pa

from warehouse import schemas
from warehouse.queries.read import columns, count, read
from warehouse.warehouse import Warehouse

_ROW_COUNTS = pa.schema([pa.field("table_name", pa.string(), nullable=False), count("row_count")])
_CORPUS_TOTALS = pa.schema(
    [
        *columns(schemas.CORPORA, "corpus"),
        *map(count, ("clips", "rejects", "speakers")),
        pa.field("hours", pa.float64(), nullable=False),
        count("votes"),
    ]
)


def count_rows(warehouse: Warehouse) -> dict[str, int]:
    """Return the stored rows of every table, past revisions and superseded votes included.

    Args:
        warehouse: The lake, or a past of it; a table that came later has none there.
    """
    rows = read(warehouse, "count_rows", _ROW_COUNTS)
    return dict(zip(*(column.to_pylist() for column in rows.columns), strict=True))


def summarise_corpora(warehouse: Warehouse) -> pa.Table:
    """Return corpus, clips, rejects, speakers, hours (of source audio) and votes, by corpus."""
    return read(warehouse, "summarise_corpora", _CORPUS_TOTALS)
