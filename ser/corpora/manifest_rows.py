"""Read the rows of a manifest table from CSV, JSON lines or Parquet."""

import csv
import json
import math
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from ser.corpora.records import CorpusInfo
from ser.errors import CorpusError
from ser.paths import escape_path

SUFFIXES = (".csv", ".jsonl", ".parquet")

Row = Mapping[str, object]


def find_manifest(root: Path, info: CorpusInfo) -> Path:
    """Find the table of a manifest corpus.

    Args:
        root: The table itself, or a folder holding exactly one `manifest` with a known suffix.
        info: The corpus, for the message.

    Returns:
        The path of the table.

    Raises:
        CorpusError: If there is none, there are several, or the suffix is unknown.
    """
    if root.is_file():
        if root.suffix.lower() in SUFFIXES:
            return root
        raise CorpusError(f"`root` must end in one of {SUFFIXES}, got '{root.name}'")
    candidates = [root / f"manifest{suffix}" for suffix in SUFFIXES]
    found = [path for path in candidates if path.is_file()]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(path.name for path in found)
        raise CorpusError(f"`{root}` must hold one manifest, found {names}; give the file instead")
    entries = sorted(entry.name for entry in root.iterdir())[:5] if root.is_dir() else []
    raise CorpusError(
        f"`{root}` is no folder of corpus `{info.name}`. Expected:\n{info.layout}\n"
        f"Found: {', '.join(entries) or 'nothing'}"
    )


def read_rows(path: Path) -> list[Row]:
    """Read a table; every value of a CSV stays text, so that speaker '03' is not 3.

    Args:
        path: A file ending in `.csv`, `.jsonl` or `.parquet`.

    Returns:
        One mapping a row, with the columns as written.

    Raises:
        CorpusError: If the file cannot be read as what its suffix says, or has rows but no
            `path` column.
    """
    readers = {".csv": _read_csv, ".jsonl": _read_jsonl, ".parquet": _read_parquet}
    try:
        rows = readers[path.suffix.lower()](path)
    except (csv.Error, UnicodeDecodeError, pa.ArrowInvalid) as error:
        raise CorpusError(f"`{path}` is not a readable {path.suffix} table: {error}") from error
    if rows and not any("path" in row for row in rows):
        columns = ", ".join(map(str, rows[0])) or "none"
        raise CorpusError(f"`{path}` must have a column `path`, got columns {columns}")
    return rows


def read_years(written: str | None) -> float | None:
    """Return an age in years, 0 or more, or None where the text is none.

    Example:
        >>> read_years("31"), read_years("thirty"), read_years("-1"), read_years(None)
        (31.0, None, None, None)
    """
    try:
        value = float(written or "")
    except ValueError:
        return None
    return value if 0 <= value < math.inf else None


def text(row: Row, column: str) -> str | None:
    r"""Return a value as stripped text that can be stored.

    Args:
        row: A row of the table.
        column: Its column.

    Returns:
        The text, or None when the value is missing, blank or not a number (NaN). Halves of
        characters, which JSON can hold, are escaped, see `ser.paths.escape_path`.

    Example:
        >>> text({"speaker": " 03 "}, "speaker"), text({"speaker": ""}, "speaker")
        ('03', None)
        >>> print(text({"path": "caf\udce9.wav"}, "path"))
        caf\xe9.wav
    """
    value = row.get(column)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return escape_path(str(value)).strip() or None


def read_vote_cell(cell: object) -> list[tuple[str | None, str, int]]:
    """Read the votes of one row.

    Args:
        cell: None or blank; a mapping or its JSON text, label → count or annotator → label; or
            `label:count;label:count`.

    Returns:
        Tuples of annotator (None = anonymous), label and count, sorted; zero counts are left
        out.

    Raises:
        CorpusError: If the cell is none of these.

    Example:
        >>> read_vote_cell("fear:1;anger:3")
        [(None, 'anger', 3), (None, 'fear', 1)]
        >>> read_vote_cell('{"ann": "anger", "bo": "fear"}')
        [('ann', 'anger', 1), ('bo', 'fear', 1)]
    """
    votes = [
        _read_vote(key, value, cell)
        for key, value in _as_mapping(cell).items()
        if value is not None
    ]
    return sorted(
        (vote for vote in votes if vote[2] > 0), key=lambda vote: (vote[0] or "", vote[1])
    )


def _read_vote(key: object, value: object, cell: object) -> tuple[str | None, str, int]:
    name = str(key).strip()
    if isinstance(value, str) and value.strip() and name:
        return name, value.strip(), 1
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0 and name:
        return None, name, value
    raise CorpusError(
        f"`votes` must map labels to counts of at least 0 or annotators to labels, got {cell!r}"
    )


def _as_mapping(cell: object) -> Mapping[object, object]:
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return {}
    if isinstance(cell, Mapping):
        return cell
    if isinstance(cell, list):  # how Arrow hands over a map column
        return dict(cell)
    written = str(cell).strip()
    try:
        if not written.startswith("{"):
            return _read_pairs(written)
        loaded = json.loads(written)
    except ValueError as error:
        raise CorpusError(f"`votes` cannot be read from {written!r}: {error}") from error
    if isinstance(loaded, dict):
        return loaded
    raise CorpusError(f"`votes` must be a JSON object, got {written!r}")


def _read_pairs(written: str) -> dict[object, object]:
    found: dict[object, object] = {}
    for part in written.split(";"):
        if part.strip():
            label, count = part.rsplit(":", 1)
            if label.strip() in found:
                raise ValueError(f"'{label.strip()}' occurs twice")
            found[label.strip()] = int(count)
    return found


def _read_csv(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, strict=True))


def _read_jsonl(path: Path) -> list[Row]:
    rows: list[Row] = []
    # `splitlines` would also split at U+2028, which JSON allows inside a text.
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise CorpusError(f"`{path}` line {number} is not JSON: {error}") from error
        if not isinstance(row, dict):
            raise CorpusError(f"`{path}` line {number} must be a JSON object, got {line!r}")
        rows.append(row)
    return rows


def _read_parquet(path: Path) -> list[Row]:
    return list(parquet.read_table(path).to_pylist())
