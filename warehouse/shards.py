"""Content-addressed Parquet files that any process may write before anyone commits them."""

import hashlib
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.rows import fit_rows
from warehouse.schemas import find_table
from warehouse.storage import S3Access, normalise_data_path, write_once
from warehouse.table import Table

# Small row groups let DuckDB decode one shard on several cores.
_ROW_GROUP_ROWS = 256


@dataclass(frozen=True, slots=True)
class Shard:
    """One immutable Parquet file with rows of one table.

    Args:
        table: Name of the table.
        path: Absolute path or S3 URI; ends in `<sha256>.parquet`.
        sha256: SHA-256 of the file's bytes, in hex.
        rows: Number of rows in it.
    """

    table: str
    path: str
    sha256: str
    rows: int


def write_shard(
    data_path: str, table_name: str, table: pa.Table, *, s3: S3Access | None = None
) -> Shard:
    """Write rows as a shard under the lake's data path, once.

    The rows are sorted by key, so equal rows give one file whatever their order or chunking, and
    a file that is there already is not written again. Nothing reads the shard until
    `Warehouse.commit` registers it. Safe in any process and thread; needs no catalog.

    Args:
        data_path: The lake's data path.
        table_name: The table the rows are for.
        table: At least one row that fits the table.
        s3: Access to the object store, for a data path there.

    Returns:
        The shard.

    Raises:
        SchemaError: If the rows do not fit the table.
        KeyConflictError: If different rows share one key.
        WarehouseError: If the data path is on S3 and `s3` is missing.

    Example:
        >>> import tempfile
        >>> row = {"feature_set": "mel-1", "kind": "mel", "parameters": "{}"}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     rows = pa.Table.from_pylist([row])
        ...     shard = write_shard(folder, "feature_sets", rows)
        ...     shard == write_shard(folder, "feature_sets", rows)
        True
    """
    schema = find_table(table_name)
    rows = fit_rows(schema, table)
    rows = rows.sort_by([(name, "ascending") for name in schema.key]).combine_chunks()
    content = _encode(schema, rows)
    sha256 = hashlib.sha256(content).hexdigest()
    path = f"{normalise_data_path(data_path, s3)}main/{table_name}/{sha256}.parquet"
    write_once(path, content, s3)
    return Shard(table_name, path, sha256, rows.num_rows)


def _encode(table: Table, rows: pa.Table) -> memoryview:
    sink = pa.BufferOutputStream()
    # Dictionaries never pay for measured floats; splitting their bytes saves a fifth.
    floats = [f"{f.name}.list.element" for f in table.schema if _is_floats(f.type)]
    text = [f.name for f in table.schema if pa.types.is_string(f.type)]
    # Samples hardly compress: zstd took a third off them and as long as decoding the file.
    compression = dict.fromkeys(_leaves(table.schema), "lz4")
    compression |= {f.name: "none" for f in table.schema if pa.types.is_binary(f.type)}
    pq.write_table(
        rows,
        sink,
        compression=compression,
        row_group_size=_ROW_GROUP_ROWS,
        use_dictionary=text,
        use_byte_stream_split=floats,
    )
    return memoryview(sink.getvalue())


def _leaves(schema: pa.Schema) -> list[str]:
    return [f"{f.name}.list.element" if pa.types.is_list(f.type) else f.name for f in schema]


def _is_floats(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) and pa.types.is_floating(kind.value_type))
