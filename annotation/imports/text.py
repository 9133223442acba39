"""Read delimited text and JSON lines of whatever encoding, row by broken row."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.json
from pyarrow import csv

from annotation.errors import VoteError
from annotation.imports.raw import BROKEN_SCHEMA, RawTable, check_names

DELIMITERS: Final = (",", ";", "\t", "|")
"""Looked for in the header, the first of equally frequent ones wins."""

_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_SHOWN: Final = 80


def read_csv(data: bytes, *, delimiter: str | None = None) -> RawTable:
    r"""Read delimited text; every cell stays text, so that clip '03' is not 3.

    The encoding is what the byte order mark says, else UTF-8, else Latin-1, which reads any
    bytes. Lines may end in any way, quoted cells may hold line ends, blank lines are left out. A
    record with too few or too many fields is broken, and the others are read.

    Args:
        data: The file.
        delimiter: One character; None takes the commonest of `DELIMITERS` in the header.

    Returns:
        The columns as text, blank cells null.

    Raises:
        VoteError: There is no header, a column has no distinct name, or a quote never ends.

    Example:
        >>> raw = read_csv(b"clip_id;label\nc1;joy\nc2\nc3;calm\n")
        >>> raw.table["clip_id"].to_pylist(), raw.rows.tolist(), raw.broken["row"].to_pylist()
        (['c1', 'c3'], [1, 3], [2])
    """
    text = _to_utf8(data)
    header = next((line for line in io.BytesIO(text) if line.strip()), b"")
    if not header:
        msg = "the file holds no header; its first line must name the columns"
        raise VoteError(msg)
    broken: dict[int, str] = {}

    def skip(row: csv.InvalidRow) -> str:
        # Arrow counts the header as record 1.
        found = f"{row.actual_columns} fields where {row.expected_columns} were expected"
        # A quote that never ends swallows the rest of the file, which must show.
        lines = row.text.count("\n")
        found += f" ({lines + 1} lines long; is a quote never closed?)" if lines else ""
        broken[row.number - 1] = f"{found}: {_shorten(row.text)}"
        return "skip"

    chosen = delimiter or max(DELIMITERS, key=header.decode().count)
    table = _parse(text, _names(header, chosen), chosen, skip)
    return _number(table, broken)


def read_json_lines(data: bytes) -> RawTable:
    r"""Read one JSON object per line.

    Columns keep their type where all rows agree on it, and become text where they do not. A line
    that is no JSON object is broken, and the others are read.

    Args:
        data: The file, in any encoding `read_csv` knows.

    Returns:
        One column per key, null where a row lacks it.

    Example:
        >>> raw = read_json_lines(b'{"clip_id": "c1", "label": "joy"}\nnot json\n')
        >>> raw.table.to_pylist(), raw.broken["row"].to_pylist()
        ([{'clip_id': 'c1', 'label': 'joy'}], [2])
    """
    text = _to_utf8(data)
    if not text.strip():
        return RawTable.of(pa.table({}))
    try:
        # Quick where every line is an object and every column has one type.
        table = pyarrow.json.read_json(io.BytesIO(text))
    except pa.ArrowException:
        return _read_lines(text)
    return RawTable.of(table)


def _to_utf8(data: bytes) -> bytes:
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.encode()


def _names(header: bytes, delimiter: str) -> list[str]:
    try:
        read = csv.read_csv(
            io.BytesIO(header),
            parse_options=csv.ParseOptions(delimiter=delimiter),
            read_options=csv.ReadOptions(autogenerate_column_names=True),
            convert_options=csv.ConvertOptions(null_values=[]),
        )
    except pa.ArrowInvalid as error:
        msg = f"the header cannot be read, {_shorten(header.decode())!r}: {error}"
        raise VoteError(msg) from error
    names = [str(column[0].as_py()).strip() for column in read.columns]
    check_names(names)
    return names


def _parse(
    text: bytes, names: list[str], delimiter: str, skip: Callable[[csv.InvalidRow], str]
) -> pa.Table:
    try:
        table = csv.read_csv(
            io.BytesIO(text),
            # Rows are numbered only where one thread reads them.
            read_options=csv.ReadOptions(use_threads=False, column_names=names),
            parse_options=csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=b'"' in text, invalid_row_handler=skip
            ),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except pa.ArrowInvalid as error:
        msg = f"the file cannot be read as text separated by {delimiter!r}: {error}"
        raise VoteError(msg) from error
    return table.slice(1)


def _number(table: pa.Table, broken: dict[int, str]) -> RawTable:
    numbers = sorted(broken)
    taken = np.zeros(table.num_rows + len(numbers), np.bool_)
    taken[np.array(numbers, np.int64) - 1] = True
    refused = {"row": numbers, "detail": [broken[number] for number in numbers]}
    return RawTable(table, np.flatnonzero(~taken) + 1, pa.table(refused, BROKEN_SCHEMA))


def _read_lines(text: bytes) -> RawTable:
    rows: list[dict[str, object]] = []
    broken: dict[int, str] = {}
    for number, line in enumerate(_lines(text), start=1):
        try:
            row = json.loads(line)
        except ValueError as error:
            broken[number] = f"no JSON ({error}): {_shorten(line)}"
            continue
        if isinstance(row, dict):
            rows.append(row)
        else:
            broken[number] = f"no JSON object: {_shorten(line)}"
    names = sorted({name for row in rows for name in row})
    columns = {name: _column([row.get(name) for row in rows]) for name in names}
    return _number(pa.table(columns), broken)


def _lines(text: bytes) -> Iterator[str]:
    # `splitlines` would also split at U+2028, which JSON allows inside a text.
    return (line for line in text.decode().split("\n") if line.strip())


def _column(values: list[object]) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError):
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def _shorten(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
