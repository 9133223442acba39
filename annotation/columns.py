"""Columns of the vote ledger as arrays: what matrices of votes and of ratings share."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from annotation.errors import VoteError

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

ANONYMOUS: Final = "anonymous:"
"""Prefix of the pseudo-annotators that hold anonymous counts; no person may bear it."""


def check_known(table: pa.Table, what: str) -> None:
    """Refuse rows that do not say which clip, from where, how perceived and how many.

    Args:
        table: Columns `clip_id`, `modality`, `count` and `source`.
        what: What a row is, for the message.

    Raises:
        VoteError: If one of them is null.
    """
    for name in ("clip_id", "modality", "count", "source"):
        if table[name].null_count:
            msg = f"`{name}` must be known for every {what}, but {table[name].null_count} are null"
            raise VoteError(msg)


def single_modality(table: pa.Table) -> str | None:
    """Return the modality of all rows; None without rows.

    Args:
        table: Column `modality`.

    Raises:
        VoteError: If there are several.
    """
    found: list[str] = sorted(pc.unique(table["modality"]).to_pylist())
    if len(found) > 1:
        msg = (
            f"`votes` mixes the modalities {found}: what is heard and what is seen are different "
            "judgements; build one matrix per modality"
        )
        raise VoteError(msg)
    return found[0] if found else None


def name_annotators(table: pa.Table) -> pa.ChunkedArray:
    """Return who judged; anonymous judgements are pooled as `anonymous:<source>:<modality>`.

    Args:
        table: Columns `annotator`, `source` and `modality`.

    Raises:
        VoteError: If a person bears the prefix of the pools.
    """
    named = table["annotator"]
    reserved = pc.unique(named.filter(pc.starts_with(named, ANONYMOUS))).drop_null()
    if len(reserved):
        msg = (
            f"`annotator` `{reserved[0]}` bears the prefix `{ANONYMOUS}` reserved for pooled "
            "counts; leave `annotator` null for anonymous judgements"
        )
        raise VoteError(msg)
    if not named.null_count:
        return named
    pools = pc.binary_join_element_wise(
        ANONYMOUS.rstrip(":"), table["source"], table["modality"], ":"
    )
    return pc.coalesce(named, pools)


def encode(column: pa.ChunkedArray) -> tuple[tuple[str, ...], IntArray]:
    """Return the distinct values in ascending order and each row's position among them.

    Args:
        column: Text without nulls.

    Example:
        >>> encode(pa.chunked_array([["b", "a", "b"]]))
        (('a', 'b'), array([1, 0, 1]))
    """
    encoded = column.combine_chunks().dictionary_encode()
    order = pc.array_sort_indices(encoded.dictionary).to_numpy()
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return tuple(encoded.dictionary.take(order).to_pylist()), rank[as_int64(encoded.indices)]


def as_int64(values: pa.Array | pa.ChunkedArray) -> IntArray:
    """Return numbers without nulls as int64."""
    return np.asarray(values.to_numpy(), dtype=np.int64)
