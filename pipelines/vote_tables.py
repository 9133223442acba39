"""Votes tables of your own: one row per judgement, in CSV, JSONL or Parquet."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import PipelineError
from warehouse.schemas import TABLES

RATINGS = ("arousal", "valence", "dominance")
OPTIONAL = ("annotator", "label", *RATINGS, "lead_time_s", "cast_at")
MODALITIES = ("audio", "video", "audiovisual")
DEFAULT_MODALITY = "audio"


def read_table(path: Path) -> pa.Table:
    """Read a table by its suffix.

    Args:
        path: A `.csv`, `.jsonl` or `.parquet` file.

    Raises:
        PipelineError: If the suffix is another one, or the file cannot be read.
    """
    import pyarrow.csv  # noqa: PLC0415 - each reader only when it is used
    import pyarrow.json  # noqa: PLC0415
    import pyarrow.parquet  # noqa: PLC0415

    readers = {
        ".csv": pyarrow.csv.read_csv,
        ".jsonl": pyarrow.json.read_json,
        ".parquet": pyarrow.parquet.read_table,
    }
    if path.suffix not in readers:
        raise PipelineError(
            f"`{path}` must end in {', '.join(readers)}, got '{path.suffix or 'no suffix'}'; "
            "convert it to one of them"
        )
    try:
        return readers[path.suffix](path)
    except (OSError, pa.ArrowException) as error:
        raise PipelineError(f"`{path}` cannot be read as a table: {error}") from error


def ledger_from_table(
    table: pa.Table,
    source: str,
    taxonomy: str | None,
    known: Mapping[str, Sequence[str]],
) -> pa.Table:
    """Turn a table of judgements into ledger rows.

    The id of a row follows from its content, so importing a file twice, or a longer version of
    it, adds only what is new. Equal rows of one file are distinct only by their number among
    themselves.

    Args:
        table: Columns `clip_id`, and `label` and/or arousal, valence, dominance; `annotator`,
            `count`, `modality`, `lead_time_s` and `cast_at` if there are any.
        source: Where it came from.
        taxonomy: Class list of the labels.
        known: Classes of every taxonomy in the warehouse.

    Raises:
        PipelineError: If a column is missing or has the wrong type, a label is outside the
            taxonomy, a count is below 1, or a modality is unknown.
    """
    given = set(table.column_names)
    if "clip_id" not in given or not given & {"label", *RATINGS}:
        raise PipelineError(
            f"`{source}` must have the column `clip_id` and `label` and/or one of "
            f"{', '.join(RATINGS)}, got {', '.join(table.column_names)}"
        )
    _check_labels(table, source, taxonomy, known)
    schema = TABLES["votes"].schema
    count = table.num_rows
    columns = {name: _column(table, name, source) for name in ("clip_id", *OPTIONAL)}
    columns["count"] = _column(table, "count", source, default=1)
    columns["modality"] = _column(table, "modality", source, default=DEFAULT_MODALITY)
    _check_values(columns, source)
    references = _references(pa.table(columns))
    columns |= {
        "vote_id": pa.array([_vote_id(source, reference) for reference in references]),
        "taxonomy": pa.array([taxonomy or "none"] * count, pa.string()),
        "source": pa.array([source] * count, pa.string()),
        "source_ref": pa.array(references, pa.string()),
        "supersedes": pa.nulls(count, pa.string()),
        "is_retraction": pa.array([False] * count),
    }
    return pa.table({name: columns[name] for name in schema.names}, schema=schema)


def intended_as_votes(clips: pa.Table, taxonomy: str) -> pa.Table:
    """Count the intended label of each clip as one vote of its corpus, by explicit choice.

    Args:
        clips: Rows of the warehouse's `clips` of one corpus.
        taxonomy: Its class list.
    """
    labelled = clips.filter(pc.is_valid(clips["intended"]))
    rows = [
        {
            "vote_id": _vote_id("intended", clip_id),
            "clip_id": clip_id,
            "modality": DEFAULT_MODALITY,
            "annotator": f"intended:{corpus}",
            "taxonomy": taxonomy,
            "label": label,
            "count": 1,
            "source": "intended",
            "source_ref": clip_id,
            "is_retraction": False,
        }
        for clip_id, corpus, label in zip(
            labelled["clip_id"].to_pylist(),
            labelled["corpus"].to_pylist(),
            labelled["intended"].to_pylist(),
            strict=True,
        )
    ]
    return pa.Table.from_pylist(rows, schema=TABLES["votes"].schema)


def _check_labels(
    table: pa.Table, source: str, taxonomy: str | None, known: Mapping[str, Sequence[str]]
) -> None:
    if "label" not in table.column_names:
        return
    if taxonomy is None or taxonomy not in known:
        raise PipelineError(
            f"the labels of `{source}` need their class list: name one with --taxonomy, got "
            f"`{taxonomy}`, of {', '.join(sorted(known)) or 'none: ingest the corpus first'}"
        )
    classes = pa.array(known[taxonomy], pa.string())
    labels = table["label"].cast(pa.string())
    wrong = table.filter(pc.and_(pc.is_valid(labels), pc.invert(pc.is_in(labels, classes))))
    if wrong.num_rows:
        raise PipelineError(
            f"`{source}` has {wrong.num_rows} rows whose label is outside `{taxonomy}` "
            f"({', '.join(known[taxonomy])}), such as '{wrong['label'][0]}' for clip "
            f"`{wrong['clip_id'][0]}`; correct them or name another --taxonomy"
        )


def _check_values(columns: Mapping[str, pa.ChunkedArray], source: str) -> None:
    fewest = pc.min(columns["count"]).as_py()
    if fewest is not None and fewest < 1:
        raise PipelineError(f"column `count` of `{source}` must be 1 or more, got {fewest}")
    unknown = sorted(set(columns["modality"].to_pylist()) - set(MODALITIES))
    if unknown:
        raise PipelineError(
            f"column `modality` of `{source}` must say what was perceived, one of "
            f"{', '.join(MODALITIES)}, got '{unknown[0]}'"
        )


def _column(table: pa.Table, name: str, source: str, *, default: object = None) -> pa.ChunkedArray:
    """Return a column in the ledger's type, with the default where it says nothing."""
    kind = TABLES["votes"].schema.field(name).type
    if name not in table.column_names:
        return pa.array([default] * table.num_rows, kind)
    try:
        column = table[name].cast(kind)
    except pa.ArrowException as error:
        raise PipelineError(
            f"column `{name}` of `{source}` must hold {kind}: {error}; correct it"
        ) from error
    return column if default is None else pc.fill_null(column, default)


def _references(table: pa.Table) -> list[str]:
    """Name each row by its content, and repeated content by its number among equals."""
    seen: dict[str, int] = {}
    references = []
    for row in table.to_pylist():
        text = json.dumps(row, sort_keys=True, default=str)
        seen[text] = seen.get(text, 0) + 1
        references.append(f"{hashlib.sha256(text.encode()).hexdigest()[:16]}/{seen[text]}")
    return references


def _vote_id(source: str, reference: str) -> str:
    return hashlib.sha256(f"{source}\x1f{reference}".encode()).hexdigest()[:32]
