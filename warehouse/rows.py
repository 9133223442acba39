"""Make rows fit their table, or say exactly why they do not."""

import pyarrow as pa
import pyarrow.compute as pc

from warehouse.errors import KeyConflictError, SchemaError
from warehouse.table import Table


def fit_rows(table: Table, rows: pa.Table) -> pa.Table:
    """Return rows in the table's schema, each key once.

    Columns may come in any order, and in any type that converts without loss (narrower or wider
    integers, dictionary-encoded or large strings). Equal rows are collapsed.

    Args:
        table: The table the rows are meant for.
        rows: The rows.

    Returns:
        The rows in `table.schema`.

    Raises:
        SchemaError: If a column is missing, unknown, of the wrong type, or null against the
            contract.
        KeyConflictError: If different rows share one key.

    Example:
        >>> from warehouse.schemas import FEATURE_SETS
        >>> row = {"feature_set": "mel-1", "kind": "mel", "parameters": "{}"}
        >>> fit_rows(FEATURE_SETS, pa.Table.from_pylist([row, row])).num_rows
        1
    """
    _check_columns(table, rows)
    fitted = pa.table(
        [_fit_column(table, field, rows.column(field.name)) for field in table.schema],
        schema=table.schema,
    )
    return _collapse(table, fitted)


def _check_columns(table: Table, rows: pa.Table) -> None:
    expected, got = set(table.schema.names), rows.column_names
    missing = [f"`{name}`" for name in table.schema.names if name not in got]
    extra = [f"`{name}`" for name in got if name not in expected]
    if missing:
        raise SchemaError(f"rows for `{table.name}` lack column {', '.join(missing)}; add it")
    if extra:
        raise SchemaError(f"`{table.name}` has no column {', '.join(extra)}; drop it")
    if len(got) != len(expected):
        raise SchemaError(f"rows for `{table.name}` name a column twice; rename one")


def _fit_column(table: Table, field: pa.Field, column: pa.ChunkedArray) -> pa.ChunkedArray:
    where = f"column `{field.name}` of `{table.name}`"
    if not field.nullable and column.null_count:
        raise SchemaError(f"{where} must not be null, got {column.null_count} nulls; fill them")
    if column.type.equals(field.type):
        return column
    if not _is_convertible(column.type, field.type):
        raise SchemaError(f"{where} must be `{field.type}`, got `{column.type}`; convert it")
    try:
        return column.cast(field.type)
    except pa.ArrowInvalid as error:
        raise SchemaError(f"{where} must be `{field.type}`: {error}; convert it") from error


def _is_convertible(source: pa.DataType, target: pa.DataType) -> bool:
    kinds = pa.types
    if kinds.is_null(source):
        return True
    if kinds.is_dictionary(source):
        return _is_convertible(source.value_type, target)
    if kinds.is_list(target):
        is_list = kinds.is_list(source) or kinds.is_large_list(source)
        return is_list and _is_convertible(source.value_type, target.value_type)
    if kinds.is_timestamp(target):
        return kinds.is_timestamp(source) and source.tz is not None
    return any(kind(source) and kind(target) for kind in _KINDS) or (
        kinds.is_integer(source) and kinds.is_floating(target)
    )


def _is_text(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _is_bytes(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind))


_KINDS = (
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_boolean,
    _is_text,
    _is_bytes,
)


def _collapse(table: Table, rows: pa.Table) -> pa.Table:
    repeated = repeated_keys(table, rows)
    if repeated.num_rows == 0:
        return rows
    first_by_key: dict[tuple[object, ...], tuple[int, str]] = {}
    keys = list(zip(*(rows.column(name).to_pylist() for name in table.key), strict=True))
    wanted = set(zip(*(repeated.column(name).to_pylist() for name in table.key), strict=True))
    dropped = set()
    for index, key in enumerate(keys):
        if key not in wanted:
            continue
        # Text, because NaN differs from itself and would make equal rows conflict.
        content = repr(rows.slice(index, 1).to_pylist())
        first, first_content = first_by_key.setdefault(key, (index, content))
        if content != first_content:
            raise KeyConflictError(
                f"rows {first} and {index} for `{table.name}` differ but share the key"
                f" {describe_key(table, key)}; give each row its own key"
            )
        if index != first:
            dropped.add(index)
    return rows.filter(pa.array([index not in dropped for index in range(rows.num_rows)]))


def repeated_keys(table: Table, rows: pa.Table) -> pa.Table:
    """Return the keys that occur more than once.

    Args:
        table: The table that says which columns are the key.
        rows: Rows with at least those columns.

    Returns:
        One row per repeated key, with its `count`.
    """
    counts = rows.select(table.key).group_by(list(table.key)).aggregate([([], "count_all")])
    return counts.filter(pc.greater(counts.column("count_all"), 1))


def describe_key(table: Table, key: tuple[object, ...]) -> str:
    """Return a key in words.

    Args:
        table: The table.
        key: Values in the order of `table.key`.

    Example:
        >>> from warehouse.schemas import CLIPS
        >>> describe_key(CLIPS, ("emodb/a", 1))
        "`clip_id` = 'emodb/a', `revision` = 1"
    """
    return ", ".join(f"`{n}` = {v!r}" for n, v in zip(table.key, key, strict=True))
