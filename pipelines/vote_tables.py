"""Votes in files of your own: read in whatever shape, and fitted to what the warehouse knows."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import cast, get_args

import pyarrow as pa
import pyarrow.compute as pc

from annotation.errors import VoteError
from annotation.imports import (
    ImportedExport,
    ImportedVotes,
    RawTable,
    VoteSource,
    read_annotator_columns,
    read_class_columns,
    read_crema_d_responses,
    read_csv,
    read_json_lines,
    read_label_studio,
    read_long_table,
)
from annotation.imports.cells import read_text
from annotation.imports.identity import (
    content_keys,
    content_references,
    number_among_equals,
    vote_ids,
)
from annotation.imports.long_table import NAMES
from annotation.imports.wide_table import Judgement
from annotation.label_studio import InterfaceChoices
from annotation.label_studio.items import NO_ITEMS
from pipelines.errors import PipelineError
from pipelines.vote_context import Known, Told, describe, find_taxonomy
from pipelines.vote_shapes import (
    CLASSES,
    CREMA_D,
    LABEL_STUDIO,
    LONG,
    check_options,
    check_shape,
    find_shape,
)
from ser.corpora.crema_d import intended_label
from ser.errors import CorpusError
from warehouse.schemas import QUARANTINE, VOTES

INTENDED = "intended"
FIRST_CLICKS = "finishedEmoResponses.csv"
"""Beside CREMA-D's responses it tells which answers the release left out as distracted."""

_EXPORT = ".json"
_JUDGEMENTS = get_args(Judgement)


def read_votes(
    path: Path, told: Told, known: Known, choices: InterfaceChoices | None = None
) -> tuple[str, ImportedVotes]:
    """Read a file of votes in any shape; rows that are no votes are quarantined.

    The id of a vote follows from its content or its reference, so importing a file twice, or a
    longer version of it, adds only what is new.

    Args:
        path: A `.csv`, `.tsv`, `.jsonl` or `.parquet` table, or Label Studio's `.json` export.
        told: What the file does not say.
        known: What the warehouse knows.
        choices: What the interface behind an export asked; see `read_export`.

    Returns:
        The shape, and what was read.

    Raises:
        PipelineError: If the file cannot be read, its columns fit no shape, or its labels have
            no class list.
    """
    check_shape(told.shape)
    if told.holds not in _JUDGEMENTS:
        raise PipelineError(f"`holds` must be one of {', '.join(_JUDGEMENTS)}, got '{told.holds}'")
    try:
        if (told.shape or _shape_of_suffix(path)) == LABEL_STUDIO:
            return LABEL_STUDIO, read_export(path, told, known, choices)
        return _read_table(path, load_table(path), told, known)
    except VoteError as error:
        raise PipelineError(f"`{path}`: {error}") from error


def read_export(
    path: Path,
    told: Told,
    known: Known,
    choices: InterfaceChoices | None = None,
    items: Mapping[str, str] = NO_ITEMS,
) -> ImportedExport:
    """Read Label Studio's JSON export; answers that cannot be believed are quarantined.

    Args:
        path: The export.
        told: The project, and the corpus or taxonomy whose classes the interface offered.
        known: What the warehouse knows; with a corpus, its clips alone may be voted on.
        choices: What the interface asked beside the class; default: that of `InterfaceChoices`.
        items: Clips by item, for a project that was published.

    Raises:
        PipelineError: If the file is no export, or project or classes are not known.
    """
    check_options(path.name, LABEL_STUDIO, told)
    if told.project is None:
        raise PipelineError(
            f"`{path}` needs the Label Studio project it is from, which tells its annotations "
            "from others': --project NAME"
        )
    source = describe(path.name, told, known, is_labelled=True)
    if told.corpus is not None:
        source = replace(source, known_clips=known.clip_ids(told.corpus))
    try:
        data = path.read_bytes()
        return read_label_studio(data, source, project=told.project, choices=choices, items=items)
    except FileNotFoundError as error:
        raise PipelineError(f"no export at `{path}`; export the project as JSON first") from error
    except OSError as error:
        raise PipelineError(f"`{path}` cannot be read: {error}") from error
    except VoteError as error:
        raise PipelineError(f"`{path}`: {error}") from error


def intended_as_votes(clips: pa.Table, taxonomy: str) -> pa.Table:
    """Count the intended label of each clip as one vote of its corpus, by explicit choice.

    Args:
        clips: Rows of the warehouse's `clips` of one corpus.
        taxonomy: Its class list.
    """
    labelled = clips.filter(pc.is_valid(clips["intended"]))
    ids = labelled["clip_id"]
    columns = {
        "vote_id": vote_ids(INTENDED, ids.to_pylist()),
        "clip_id": ids,
        "annotator": pc.binary_join_element_wise(INTENDED, labelled["corpus"], ":"),
        "label": labelled["intended"],
        "source_ref": ids,
    }
    fixed = {"modality": "audio", "taxonomy": taxonomy, "source": INTENDED}
    return _fill(VOTES.schema, columns, {**fixed, "count": 1, "is_retraction": False})


def quarantine_rows(quarantined: pa.Table) -> pa.Table:
    """Give refused rows ids that follow from what was found, wherever in the file it stood.

    Args:
        quarantined: `annotation.imports.QUARANTINE_SCHEMA`.

    Returns:
        Rows of the warehouse's `quarantine`.
    """
    names = ("source", "source_ref", "clip_id", "annotator", "reason", "detail")
    keys = content_keys([quarantined[name].combine_chunks() for name in names])
    ids = content_references(keys, number_among_equals(keys))
    columns = {name: quarantined[name] for name in quarantined.column_names}
    return _fill(QUARANTINE.schema, {"quarantine_id": ids, **columns}, {})


def _read_parquet(data: bytes) -> RawTable:
    import pyarrow.parquet  # noqa: PLC0415 - only when it is used

    return RawTable.of(pyarrow.parquet.read_table(pa.BufferReader(data)))


_READERS: Mapping[str, Callable[[bytes], RawTable]] = MappingProxyType(
    {
        ".csv": read_csv,
        ".tsv": read_csv,
        ".txt": read_csv,
        ".jsonl": read_json_lines,
        ".ndjson": read_json_lines,
        ".parquet": _read_parquet,
    }
)


def _shape_of_suffix(path: Path) -> str | None:
    return LABEL_STUDIO if path.suffix.lower() == _EXPORT else None


def load_table(path: Path) -> RawTable:
    """Read a table of any of the known suffixes, whatever it says.

    Args:
        path: A `.csv`, `.tsv`, `.jsonl` or `.parquet` file.

    Raises:
        PipelineError: If it has another suffix or cannot be read.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise PipelineError(
            f"`{path}` must end in {', '.join((*_READERS, _EXPORT))}, got "
            f"'{path.suffix or 'no suffix'}'; convert it to one of them"
        )
    try:
        return reader(path.read_bytes())
    except (OSError, pa.ArrowException, VoteError) as error:
        raise PipelineError(f"`{path}` cannot be read as a table: {error}") from error


def _read_table(path: Path, raw: RawTable, told: Told, known: Known) -> tuple[str, ImportedVotes]:
    taxonomy = find_taxonomy(told, known)
    classes = known.find_classes(taxonomy, path.name) if taxonomy else ()
    shape = told.shape or find_shape(path.name, raw.table.column_names, classes)
    check_options(path.name, shape, told)
    if shape == CREMA_D:
        return shape, _read_responses(path, raw, told)
    is_labelled = raw.find(*NAMES["label"]) is not None if shape == LONG else told.holds == "label"
    source = describe(path.name, told, known, raw, is_labelled=is_labelled)
    if shape == LONG:
        return shape, read_long_table(raw, source)
    if shape == CLASSES:
        return shape, _read_counts(raw, source, told)
    return shape, _read_annotators(path, raw, source, told)


def _read_annotators(path: Path, raw: RawTable, source: VoteSource, told: Told) -> ImportedVotes:
    holds = cast("Judgement", told.holds)
    found = read_annotator_columns(raw, source, annotators=told.columns or None, holds=holds)
    if told.shape is None and not found.votes.num_rows and found.quarantined.num_rows:
        raise PipelineError(
            f"no cell of `{path}` is a vote if its columns are annotators: "
            f"{found.quarantined['detail'][0]}; say what it is with --shape"
        )
    return found


def _read_counts(raw: RawTable, source: VoteSource, told: Told) -> ImportedVotes:
    # A class nobody voted for may have no column.
    offered = [name for name in source.classes if raw.find(name)]
    columns = {name: name for name in told.columns or offered}
    return read_class_columns(raw, source, columns=columns or None, total=told.total)


def _read_responses(path: Path, raw: RawTable, told: Told) -> ImportedVotes:
    if told.taxonomy is not None or told.corpus not in (None, CREMA_D):
        raise PipelineError(
            f"`{path}` holds CREMA-D's own responses; leave out --corpus and --taxonomy"
        )
    names = read_text(raw.table[raw.require("clipName")], "clipName").unique().drop_null()
    known = [f"{CREMA_D}/{name}" for name in names.to_pylist() if _is_clip(name)]
    beside = path.with_name(FIRST_CLICKS)
    clicks = load_table(beside) if beside.is_file() and beside != path else None
    clips = pa.array(known, pa.string())
    return read_crema_d_responses(raw, first_clicks=clicks, known_clips=clips)


def _is_clip(name: str) -> bool:
    try:
        intended_label(name)
    except CorpusError:
        return False
    return True


def _fill(
    schema: pa.Schema, columns: Mapping[str, pa.Array], fixed: Mapping[str, object]
) -> pa.Table:
    """Return rows of a table: some columns, some values for all rows, and nothing in the others."""
    count = len(next(iter(columns.values())))
    return pa.table(
        {
            field.name: columns[field.name]
            if field.name in columns
            else pa.array([fixed.get(field.name)] * count, field.type)
            for field in schema
        },
        schema=schema,
    )
