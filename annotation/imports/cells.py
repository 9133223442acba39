"""Cells of any column type → text, numbers and times, with the cells that are none of these."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from annotation.errors import VoteError

Column: TypeAlias = "pa.Array | pa.ChunkedArray"
BoolArray = npt.NDArray[np.bool_]

MISSING: Final = ("", "NA", "N/A", "NaN", "nan", "null", "None")
"""How R, pandas and people write that there is no value."""

_NUMBER: Final = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_TIME: Final = pa.timestamp("us", "UTC")


def read_text(column: Column, name: str) -> pa.Array:
    """Return cells as text without the space around them, null where nothing is left.

    Raises:
        VoteError: The column holds lists or other things that are no text.
    """
    try:
        text = _flat(column).cast(pa.string())
    except pa.ArrowException as error:
        msg = f"column `{name}` must hold text, but holds {column.type}: {error}"
        raise VoteError(msg) from error
    text = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def read_values(column: Column, name: str) -> pa.Array:
    """Return cells as text, null also where a program wrote that there is no value."""
    text = read_text(column, name)
    is_missing = pc.is_in(text, pa.array(MISSING))
    return pc.if_else(is_missing, pa.scalar(None, pa.string()), text)


def read_numbers(column: Column, name: str) -> tuple[pa.Array, BoolArray]:
    """Return cells as finite float64, null where there is none, and which cells are no number."""
    flat = _flat(column)
    if pa.types.is_integer(flat.type) or pa.types.is_floating(flat.type):
        values, is_number = flat.cast(pa.float64()), None
    else:
        text = read_values(flat, name)
        is_number = pc.match_substring_regex(text, _NUMBER)
        values = pc.if_else(is_number, text, pa.scalar(None, pa.string())).cast(pa.float64())
    is_wrong = as_bool(pc.is_inf(values))
    if is_number is not None:
        is_wrong |= as_bool(pc.invert(is_number))
    values = pc.if_else(pc.is_finite(values), values, pa.scalar(None, pa.float64()))
    return values, is_wrong


def read_times(column: Column, name: str) -> tuple[pa.Array, BoolArray]:
    """Return cells as UTC times, null where there is none, and which cells are no time.

    Text is ISO 8601; a time without zone is taken as UTC.
    """
    flat = _flat(column)
    if pa.types.is_timestamp(flat.type) or pa.types.is_date(flat.type):
        return flat.cast(_TIME, safe=False), np.zeros(len(flat), np.bool_)
    coded = read_values(flat, name).dictionary_encode()
    times = [_read_time(text) for text in coded.dictionary.to_pylist()]
    values = pa.array(times, _TIME).take(coded.indices)
    return values, as_bool(pc.and_(pc.is_valid(coded.indices), pc.is_null(values)))


def add_prefix(prefix: str, names: pa.Array) -> pa.Array:
    """Put a prefix before each name; nothing stays nothing."""
    return pc.binary_join_element_wise(prefix, names, "") if prefix else names


def as_bool(mask: Column) -> BoolArray:
    """Return a mask as numpy, False where it is null."""
    return np.asarray(pc.fill_null(mask, False).to_numpy(zero_copy_only=False), np.bool_)


def _read_time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _flat(column: Column) -> pa.Array:
    # Of several chunks one array is made, of none an empty one.
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
