"""The long table, one row per judgement: the shape every other reader is turned into."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from annotation.columns import ANONYMOUS
from annotation.errors import VoteError
from annotation.imports.cells import (
    MISSING,
    add_prefix,
    as_bool,
    read_numbers,
    read_text,
    read_times,
)
from annotation.imports.identity import (
    content_keys,
    content_references,
    number_among_equals,
    vote_ids,
)
from annotation.imports.raw import RawTable
from annotation.imports.result import MODALITIES, ImportedVotes, VoteSource
from annotation.imports.sieve import Sieve, broken_rows, by_row
from annotation.label_studio.parse import MAX_LEAD_TIME_S
from annotation.votes import VOTE_SCHEMA

NAMES: Final = {
    "clip_id": ("clip_id", "task", "question", "item"),
    "annotator": ("annotator", "worker", "rater"),
    "label": ("label", "answer"),
    "arousal": ("arousal",),
    "valence": ("valence",),
    "dominance": ("dominance",),
    "count": ("count",),
    "modality": ("modality",),
    "lead_time_s": ("lead_time_s",),
    "cast_at": ("cast_at",),
    "source_ref": ("source_ref",),
}
"""Our name of each column, and the names it goes by: ours, crowd-kit's, Zheng et al.'s (2017)."""

RATINGS: Final = ("arousal", "valence", "dominance")

_MOST: Final = np.iinfo(np.int32).max
_CONTENT: Final = (
    *("clip_id", "modality", "annotator", "label", *RATINGS),
    *("count", "lead_time_s", "cast_at"),
)
"""What makes two rows the same judgement when the file gives them no reference."""

_Cells = dict[str, pa.Array]


def read_long_table(raw: RawTable, source: VoteSource) -> ImportedVotes:
    """Turn one row per judgement into ledger rows; rows that are none are quarantined.

    What is wrong with a judgement refuses it; what is wrong with its circumstances does not: a
    lead time outside (0, `MAX_LEAD_TIME_S`] or a time that cannot be read becomes null and is
    noted, because the person still said what they said.

    A row of a named annotator that repeats an earlier one cell by cell is a duplicate. Different
    answers of one person to one clip are all votes, and so are equal anonymous rows, since two
    strangers may agree. Ids follow from the content, or from `source_ref` where the table has
    one: importing a file twice, or a longer version of it, adds only what is new.

    Args:
        raw: Columns as in `NAMES`: a clip, and a label and/or a rating; others are optional.
        source: Where the table is from and how to read its labels.

    Returns:
        Votes, quarantined rows, notes, and the columns that were not read.

    Raises:
        VoteError: The clip column or every column of a judgement is missing, or a column holds
            lists.

    Example:
        >>> rows = {"task": ["c1", "c2", None], "worker": ["kim", "kim", "bo"]}
        >>> raw = RawTable.of(pa.table(rows | {"label": ["joy", "rage", "joy"]}))
        >>> found = read_long_table(raw, VoteSource("demo", "demo-2", ("calm", "joy")))
        >>> found.votes.select(["clip_id", "label"]).to_pylist(), found.reason_counts()
        ([{'clip_id': 'c1', 'label': 'joy'}], (('missing_clip_id', 1), ('unknown_label', 1)))
    """
    raw.require(*NAMES["clip_id"])
    if not any(raw.find(*NAMES[name]) for name in ("label", *RATINGS)):
        msg = (
            f"`{source.name}` must have a column `label` and/or one of {', '.join(RATINGS)}, "
            f"but has {raw.table.column_names}"
        )
        raise VoteError(msg)
    sieve = Sieve.over(source.name, raw.rows)
    cells = _read_keys(raw, source, sieve) | _read_judgements(raw, source, sieve)
    cells |= _read_circumstances(raw, sieve)
    cells["source_ref"] = _refer(raw, cells, sieve)
    return _conclude(raw, source, sieve, cells)


def _read_keys(raw: RawTable, source: VoteSource, sieve: Sieve) -> _Cells:
    clips = add_prefix(source.clip_prefix, _text(raw, "clip_id"))
    annotators = _text(raw, "annotator")
    modality = pc.fill_null(_text(raw, "modality"), source.modality)
    sieve.refuse("missing_clip_id", as_bool(pc.is_null(clips)), ["the row names no clip"])
    if source.known_clips is not None:
        is_new = ~as_bool(pc.is_in(clips, source.known_clips))
        sieve.refuse("unknown_clip_id", is_new, ["`", clips, "` is none of the known clips"])
    reserved = as_bool(pc.starts_with(annotators, ANONYMOUS))
    advice = f"` bears the prefix `{ANONYMOUS}` of pooled counts; leave it empty"
    sieve.refuse("reserved_annotator", reserved, ["`", annotators, advice])
    stranger = ~as_bool(pc.is_in(modality, pa.array(MODALITIES)))
    sieve.refuse("unknown_modality", stranger, ["`", modality, f"` is none of {MODALITIES}"])
    annotators = add_prefix(source.annotator_prefix, annotators)
    return {"clip_id": clips, "annotator": annotators, "modality": modality}


def _read_judgements(raw: RawTable, source: VoteSource, sieve: Sieve) -> _Cells:
    written = _text(raw, "label")
    labels = _spell(written, source)
    # A class may be called `None`; where none is, the word says that there is no label.
    is_blank = pc.and_(pc.is_in(written, pa.array(MISSING)), pc.is_null(labels))
    written = pc.if_else(is_blank, pa.scalar(None, pa.string()), written)
    is_unknown = as_bool(pc.and_(pc.is_valid(written), pc.is_null(labels)))
    offer = f"` is none of the classes {[*source.spelling] or [*source.classes]}"
    sieve.refuse("unknown_label", is_unknown, ["`", written, offer])
    cells = {"label": labels}
    for name in RATINGS:
        cells[name], is_wrong = _numbers(raw, name)
        shown = _text(raw, name)
        sieve.refuse("bad_number", is_wrong, [f"`{name}` must be a finite number, but is ", shown])
    judged = np.logical_or.reduce([as_bool(pc.is_valid(column)) for column in cells.values()])
    sieve.refuse("no_judgement", ~judged, ["neither a label nor a rating is given"])
    counts, is_wrong = _numbers(raw, "count")
    counts = pc.fill_null(counts, 1.0)
    number = counts.to_numpy()
    is_wrong |= (number < 1) | (number > _MOST) | (number != np.floor(number))
    shown = ["`count` must be a whole number of at least 1, but is ", _text(raw, "count")]
    sieve.refuse("bad_count", is_wrong, shown)
    return cells | {"count": pa.array(np.where(is_wrong, 1, number).astype(np.int32))}


def _read_circumstances(raw: RawTable, sieve: Sieve) -> _Cells:
    lead, is_wrong = _numbers(raw, "lead_time_s")
    seconds = lead.to_numpy(zero_copy_only=False)
    is_wrong |= (seconds <= 0) | (seconds > MAX_LEAD_TIME_S)
    limits = f"` is no lead time within (0, {MAX_LEAD_TIME_S:.0f}] s"
    sieve.note("bad_lead_time", is_wrong, ["`", _text(raw, "lead_time_s"), limits])
    times, is_odd = (
        read_times(raw.table[name], name)
        if (name := raw.find(*NAMES["cast_at"]))
        else (pa.nulls(len(raw.rows), VOTE_SCHEMA.field("cast_at").type), np.False_)
    )
    is_odd = np.broadcast_to(is_odd, len(raw.rows))
    sieve.note("bad_time", is_odd, ["`", _text(raw, "cast_at"), "` is no ISO 8601 time"])
    lead = pc.if_else(pa.array(is_wrong), pa.scalar(None, pa.float64()), lead)
    return {"lead_time_s": lead, "cast_at": times}


def _refer(raw: RawTable, cells: _Cells, sieve: Sieve) -> pa.Array:
    """Return what each row is known by, and refuse rows that are known already."""
    given = _text(raw, "source_ref")
    keys = content_keys([cells[name] for name in _CONTENT])
    # A refused row must not make a later, equal one its duplicate.
    unlike = pa.array([f"refused {row}" for row in range(int(sieve.refused.sum()))], pa.string())
    own = pc.replace_with_mask(pc.coalesce(given, keys), pa.array(sieve.refused), unlike)
    numbers = number_among_equals(own)
    has_reference, is_named = as_bool(pc.is_valid(given)), as_bool(pc.is_valid(cells["annotator"]))
    repeats = (numbers > 1) & (has_reference | is_named)
    sieve.refuse("duplicate", repeats, ["an earlier row has the same reference or content"])
    if has_reference.all():
        return given
    return pc.coalesce(given, content_references(keys, numbers))


def _conclude(raw: RawTable, source: VoteSource, sieve: Sieve, cells: _Cells) -> ImportedVotes:
    kept = pa.array(~sieve.refused)
    columns = {name: column.filter(kept) for name, column in cells.items()}
    size = len(columns["clip_id"])
    columns["vote_id"] = vote_ids(source.name, columns["source_ref"].to_pylist())
    columns["taxonomy"] = pa.repeat(pa.scalar(source.taxonomy), size)
    columns["source"] = pa.repeat(pa.scalar(source.name), size)
    columns["supersedes"] = pa.nulls(size, pa.string())
    columns["is_retraction"] = pa.repeat(pa.scalar(False), size)
    shown = {name: cells[name] for name in ("clip_id", "annotator")}
    shown["source_ref"] = _text(raw, "source_ref")
    refused = pa.concat_tables([broken_rows(raw, source.name), sieve.quarantine(shown)])
    ids = pc.replace_with_mask(pa.nulls(len(kept), pa.string()), kept, columns["vote_id"])
    read = {raw.find(*names) for names in NAMES.values()}
    return ImportedVotes(
        votes=pa.table({name: columns[name] for name in VOTE_SCHEMA.names}, VOTE_SCHEMA),
        quarantined=by_row(refused),
        notes=sieve.notes(ids),
        ignored=tuple(sorted(set(raw.table.column_names) - read)),
    )


def _spell(written: pa.Array, source: VoteSource) -> pa.Array:
    """Return the class each label stands for, null where it stands for none."""
    spelling = {name: name for name in source.classes} | dict(source.spelling)
    index = pc.index_in(written, pa.array(list(spelling), pa.string()))
    return pa.array(list(spelling.values()), pa.string()).take(index)


def _text(raw: RawTable, name: str) -> pa.Array:
    found = raw.find(*NAMES[name])
    if found is None:
        return pa.nulls(len(raw.rows), pa.string())
    return read_text(raw.table[found], found)


def _numbers(raw: RawTable, name: str) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    found = raw.find(*NAMES[name])
    if found is None:
        return pa.nulls(len(raw.rows), pa.float64()), np.zeros(len(raw.rows), np.bool_)
    return read_numbers(raw.table[found], found)
