"""Wide tables, one row per clip: a column per annotator, or a column of counts per class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from annotation.columns import FloatArray, IntArray
from annotation.errors import VoteError
from annotation.imports.cells import add_prefix, as_bool, read_numbers, read_text, read_values
from annotation.imports.long_table import NAMES, read_long_table
from annotation.imports.raw import RawTable
from annotation.imports.result import ImportedVotes, VoteSource
from annotation.imports.sieve import Sieve, by_row

Judgement = Literal["label", "arousal", "valence", "dominance"]

_MOST: Final = np.iinfo(np.int32).max


def read_annotator_columns(
    raw: RawTable,
    source: VoteSource,
    *,
    annotators: Sequence[str] | None = None,
    holds: Judgement = "label",
) -> ImportedVotes:
    """Read a table with a row per clip and a column per annotator.

    A blank cell is no vote and no mistake: nobody judges everything.

    Args:
        raw: A clip column as in `long_table.NAMES`, perhaps `modality`, and the annotators.
        source: Where the table is from and how to read its labels.
        annotators: Columns that are annotators; None means all but clip and modality.
        holds: What the cells are.

    Returns:
        As `read_long_table`; a quarantined row names the annotator in whose cell it stands.

    Raises:
        VoteError: The clip column or an annotator's is missing, or there is no annotator.

    Example:
        >>> table = pa.table({"clip_id": ["c1", "c2"], "kim": ["joy", None], "bo": ["joy", "calm"]})
        >>> source = VoteSource("demo", "demo-2", ("calm", "joy"))
        >>> votes = read_annotator_columns(RawTable.of(table), source).votes
        >>> votes.select(["clip_id", "annotator", "label"]).to_pylist()[-1]
        {'clip_id': 'c2', 'annotator': 'bo', 'label': 'calm'}
    """
    keys = _keys(raw)
    names = annotators or [name for name in raw.table.column_names if name not in keys.values()]
    _check_columns(raw, names, "annotators")
    cells = [read_values(raw.table[name], name) for name in names]
    filled = [np.flatnonzero(as_bool(pc.is_valid(column))) for column in cells]
    at, column = _by_row(filled)
    long = {name: raw.table[found].take(pa.array(at)) for name, found in keys.items()}
    long["annotator"] = pa.array(names, pa.string()).take(pa.array(column))
    long[holds] = pa.concat_arrays(cells).take(pa.array(column * raw.table.num_rows + at))
    result = read_long_table(RawTable(pa.table(long), raw.rows[at], raw.broken), source)
    return _with_ignored(result, raw, {*keys.values(), *names})


def read_class_columns(
    raw: RawTable,
    source: VoteSource,
    *,
    columns: Mapping[str, str] | None = None,
    total: str | None = None,
) -> ImportedVotes:
    """Read a table with a row per clip and a column of anonymous vote counts per class.

    Args:
        raw: A clip column as in `long_table.NAMES`, perhaps `modality` and `source_ref`, and the
            counts; a blank count is 0.
        source: Where the table is from and its classes.
        columns: Class of each column of counts; None means `source.spelling`, or the classes
            themselves.
        total: Column that states how many votes the row holds, to be checked; None for none.

    Returns:
        As `read_long_table`, one row per clip and class with votes; `annotator` is null. A row
        with a count that is no number of votes, without votes, or that misses its total is
        quarantined as a whole.

    Raises:
        VoteError: The clip column or a column of counts is missing.

    Example:
        >>> table = pa.table({"clip_id": ["c1"], "calm": [3], "joy": [0]})
        >>> source = VoteSource("demo", "demo-2", ("calm", "joy"))
        >>> votes = read_class_columns(RawTable.of(table), source).votes
        >>> votes.select(["clip_id", "label", "count"]).to_pylist()
        [{'clip_id': 'c1', 'label': 'calm', 'count': 3}]
    """
    keys = _keys(raw, "source_ref")
    classes = columns or source.spelling or {name: name for name in source.classes}
    stated = [] if total is None else [total]
    _check_columns(raw, [*classes, *stated], "columns")
    sieve = Sieve.over(source.name, raw.rows)
    counts = _read_counts(raw, list(classes), sieve)
    if total is not None:
        _check_total(raw, total, counts, sieve)
    at, column = np.nonzero(np.where(sieve.refused[:, None], 0, counts))
    long = {name: raw.table[found].take(pa.array(at)) for name, found in keys.items()}
    long["label"] = pa.array(list(classes.values()), pa.string()).take(pa.array(column))
    long["count"] = pa.array(counts[at, column])
    if "source_ref" in long:
        references = read_text(long["source_ref"], keys["source_ref"])
        long["source_ref"] = pc.binary_join_element_wise(references, long["label"], "/")
    result = read_long_table(RawTable(pa.table(long), raw.rows[at], raw.broken), source)
    clips = read_text(raw.table[keys["clip_id"]], keys["clip_id"])
    whole = sieve.quarantine({"clip_id": add_prefix(source.clip_prefix, clips)})
    refused = pa.concat_tables([result.quarantined, whole])
    result = ImportedVotes(result.votes, by_row(refused), result.notes)
    return _with_ignored(result, raw, {*keys.values(), *classes, *stated})


def _keys(raw: RawTable, *more: str) -> dict[str, str]:
    """Return the columns that say what a row is about, by our names of them."""
    keys = {"clip_id": raw.require(*NAMES["clip_id"])}
    found = {name: raw.find(*NAMES[name]) for name in ("modality", *more)}
    return keys | {name: column for name, column in found.items() if column is not None}


def _check_columns(raw: RawTable, names: Sequence[str], argument: str) -> None:
    missing = [name for name in names if name not in raw.table.column_names]
    if missing or not names:
        msg = f"`{argument}` must name columns, but {missing} are none of {raw.table.column_names}"
        raise VoteError(msg)


def _by_row(filled: Sequence[IntArray]) -> tuple[IntArray, IntArray]:
    """Return row and column of every filled cell, row by row."""
    at = np.concatenate(filled)
    column = np.repeat(np.arange(len(filled)), [len(rows) for rows in filled])
    order = np.lexsort((column, at))
    return at[order], column[order]


def _read_counts(raw: RawTable, names: Sequence[str], sieve: Sieve) -> IntArray:
    """Return the counts, (n, columns), 0 where blank, and refuse rows with impossible ones."""
    counts = np.zeros((len(raw.rows), len(names)), np.int64)
    for index, name in enumerate(names):
        number, is_wrong = _read_whole(raw, name)
        expected = f"`{name}` must be a whole number of at least 0, but is "
        sieve.refuse("bad_count", is_wrong, [expected, read_text(raw.table[name], name)])
        counts[:, index] = np.where(is_wrong, 0, number)
    sieve.refuse("no_judgement", counts.sum(axis=1) == 0, ["no class has a vote"])
    return counts


def _check_total(raw: RawTable, name: str, counts: IntArray, sieve: Sieve) -> None:
    number, is_wrong = _read_whole(raw, name)
    differs = is_wrong | (number != counts.sum(axis=1))
    added, shown = pa.array(counts.sum(axis=1)), read_text(raw.table[name], name)
    sieve.refuse("wrong_total", differs, ["the counts add up to ", added, f", `{name}` is ", shown])


def _read_whole(raw: RawTable, name: str) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Return numbers, 0 where blank, and which are no number of votes."""
    values, is_wrong = read_numbers(raw.table[name], name)
    number = pc.fill_null(values, 0.0).to_numpy()
    return number, is_wrong | (number < 0) | (number > _MOST) | (number != np.floor(number))


def _with_ignored(result: ImportedVotes, raw: RawTable, read: set[str]) -> ImportedVotes:
    ignored = tuple(sorted(set(raw.table.column_names) - read))
    return ImportedVotes(result.votes, result.quarantined, result.notes, ignored)
