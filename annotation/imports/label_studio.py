"""Label Studio's JSON export, as a file that somebody saved."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from annotation.errors import VoteError
from annotation.imports.result import NOTE_SCHEMA, QUARANTINE_SCHEMA, ImportedVotes, VoteSource
from annotation.label_studio.choices import InterfaceChoices
from annotation.label_studio.items import NO_ITEMS
from annotation.label_studio.parse import REMARK_SCHEMA, SOURCE, parse_export
from annotation.votes import VOTE_SCHEMA


@dataclass(frozen=True, slots=True, eq=False)
class ImportedExport(ImportedVotes):
    """What an export says, and what it holds at all, for `supersede` and `withdraw`.

    Attributes:
        references: Source reference of every annotation in the export, believed or not.
        seen_at: Latest time the export tells, which it was made at or after; None for none.
        remarks: `REMARK_SCHEMA`: what was said beside the votes.
    """

    references: frozenset[str] = frozenset()
    seen_at: datetime | None = None
    remarks: pa.Table = field(default_factory=REMARK_SCHEMA.empty_table)


def read_label_studio(
    data: bytes,
    source: VoteSource,
    *,
    project: int | str,
    choices: InterfaceChoices | None = None,
    items: Mapping[str, str] = NO_ITEMS,
) -> ImportedExport:
    """Read a saved export (`exportType=JSON`) as if it had been collected from the server.

    The votes are those `parse_export` finds, with the ids a collected annotation has, so a file
    and the server may both be read. Abstentions become rows without a label, with which a
    changed mind can supersede an earlier vote.

    Args:
        data: The file, UTF-8 with or without byte order mark.
        source: Taxonomy, classes, modality and known clips; its name and prefixes are not used,
            since the answers name their source, annotators and clips themselves.
        project: Id of the Label Studio project.
        choices: What its interface asked beside the class; default: that of `InterfaceChoices`.
        items: Clips by item, for a project that was published.

    Returns:
        Votes and quarantined annotations; `row` is null there but for things that are no tasks.

    Raises:
        VoteError: The file is no JSON list, or nothing in the list is a task.

    Example:
        >>> from annotation.testing import make_annotation, make_export
        >>> export = make_export([{"data": {"clip_id": "a"}}], [[make_annotation(7, "joy")]])
        >>> found = read_label_studio(
        ...     json.dumps(export).encode(), VoteSource("f", "demo-1", ("joy",)), project=1
        ... )
        >>> found.votes.select(["clip_id", "annotator", "label"]).to_pylist()
        [{'clip_id': 'a', 'annotator': 'label-studio:1', 'label': 'joy'}]
    """
    entries = _decode(data)
    tasks = [entry for entry in entries if isinstance(entry, Mapping)]
    if entries and not tasks:
        msg = (
            "the export must hold a list of tasks, but none of its entries is an object; save it "
            "again with exportType=JSON"
        )
        raise VoteError(msg)
    known: Collection[str] | None = None
    if source.known_clips is not None:
        known = frozenset(source.known_clips.to_pylist())
    parsed = parse_export(
        tasks,
        project=project,
        classes=source.classes,
        taxonomy=source.taxonomy,
        known_clips=known,
        modality=source.modality,
        choices=choices,
        items=items,
    )
    strangers = [
        {"row": row, "reason": "broken_row", "detail": f"no task: {str(entry)[:80]}"}
        for row, entry in enumerate(entries, start=1)
        if not isinstance(entry, Mapping)
    ]
    refused = [
        {"source": SOURCE, "row": None} | row
        for row in [*strangers, *parsed.quarantined.to_pylist()]
    ]
    abstentions = parsed.abstentions.select(VOTE_SCHEMA.names)
    return ImportedExport(
        votes=pa.concat_tables([parsed.votes, abstentions]).combine_chunks(),
        quarantined=pa.Table.from_pylist(refused, schema=QUARANTINE_SCHEMA),
        notes=NOTE_SCHEMA.empty_table(),
        references=parsed.references,
        seen_at=parsed.seen_at,
        remarks=parsed.remarks,
    )


def _decode(data: bytes) -> list[object]:
    try:
        entries = json.loads(data.decode("utf-8-sig"))
    except ValueError as error:
        msg = f"the export is no JSON: {error}; save it again with exportType=JSON"
        raise VoteError(msg) from error
    if not isinstance(entries, list):
        msg = f"the export must be a JSON list of tasks, but is a {type(entries).__name__}"
        raise VoteError(msg)
    return entries
