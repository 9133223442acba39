"""Ids of votes: functions of what a row says and where it came from, and of nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotation.columns import IntArray

SEPARATOR = "\x1f"
NOTHING = "\x1e"


def vote_ids(source: str, references: Sequence[str]) -> pa.Array:
    """Return the id of each vote of a source, 32 hexadecimal digits of SHA-256.

    Args:
        source: The votes' `source`.
        references: Their `source_ref`, distinct.

    Example:
        >>> vote_ids("demo", ["1"])[0].as_py()
        '03c4890af69e633f0b2607cc72177adb'
    """
    return _digest([f"{source}{SEPARATOR}{reference}" for reference in references], 32)


def content_keys(columns: Sequence[pa.Array]) -> pa.Array:
    """Join the cells of each row to one text; rows have equal texts if and only if they are equal.

    Args:
        columns: Parsed columns of one length, so that `1` and `1.0` are the same number.
    """
    texts = [_as_text(column) for column in columns]
    return pc.binary_join_element_wise(
        *texts, SEPARATOR, null_handling="replace", null_replacement=NOTHING
    )


def number_among_equals(keys: pa.Array) -> IntArray:
    """Return how many rows up to and including this one have the same key, (n,), from 1.

    A row without a key is like no other.
    """
    indices = keys.dictionary_encode().indices
    codes = np.array(pc.fill_null(indices, -1), np.int64)
    codes[codes < 0] = -1 - np.arange(np.count_nonzero(codes < 0))
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    is_first = np.diff(ordered, prepend=ordered[:1] - 1) != 0
    position = np.arange(len(codes))
    begin = np.maximum.accumulate(np.where(is_first, position, 0))
    number = np.empty(len(codes), np.int64)
    number[order] = position - begin + 1
    return number


def content_references(keys: pa.Array, numbers: IntArray) -> pa.Array:
    """Name each row by its content and by its number among equals."""
    digests = _digest(keys.to_pylist(), 16)
    return pc.binary_join_element_wise(digests, pa.array(numbers).cast(pa.string()), "/")


def _as_text(column: pa.Array) -> pa.Array:
    # A date is written fifty times as slowly as the number of microseconds it stands for.
    is_time = pa.types.is_timestamp(column.type)
    return (column.cast(pa.int64()) if is_time else column).cast(pa.string())


def _digest(texts: Sequence[str], length: int) -> pa.Array:
    sha256 = hashlib.sha256
    return pa.array([sha256(text.encode()).hexdigest()[:length] for text in texts], pa.string())
