"""Label Studio's JSON export → votes, abstentions, and what could not be believed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

import pyarrow as pa

from annotation.label_studio.answers import QuarantinedError, read_answer
from annotation.label_studio.choices import DIMENSIONS, InterfaceChoices
from annotation.label_studio.items import NO_ITEMS, find_clip
from annotation.votes import VOTE_SCHEMA

SOURCE: Final = "label-studio"
"""The `source` of these votes, and the prefix of their annotators' ids."""

MAX_LEAD_TIME_S: Final = 3600.0
"""Longer than an hour on one clip is a forgotten tab, not a lead time."""

ABSTENTION_SCHEMA: Final = VOTE_SCHEMA.append(pa.field("reason", pa.string(), nullable=False))
"""A vote row without a label, and why: `skipped`, `cannot_tell` or `not_speech`."""

REMARK_SCHEMA: Final = pa.schema(
    [
        pa.field("remark_id", pa.string(), nullable=False),
        pa.field("clip_id", pa.string(), nullable=False),
        pa.field("annotator", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("source_ref", pa.string(), nullable=False),
        pa.field("cast_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("abstention", pa.string()),
        pa.field("second_choice", pa.string()),
        pa.field("comment", pa.string()),
        pa.field("transcript", pa.string()),
    ]
)
"""What was said beside a vote or instead of one, for which the ledger has no column.

Belongs to the ledger row of the same source, source reference and time; the `remark_id` is that
row's `vote_id` unless the answer was withdrawn and came back.
"""

QUARANTINE_SCHEMA: Final = pa.schema(
    [
        pa.field("source_ref", pa.string(), nullable=False),
        pa.field("clip_id", pa.string()),
        pa.field("annotator", pa.string()),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("detail", pa.string(), nullable=False),
        pa.field("cast_at", pa.timestamp("us", tz="UTC")),
    ]
)
"""One annotation that is no vote: a reason code, and what was found where what was expected.

`cast_at` is when it became what it is, null where it does not say.
"""

_NOBODY: Final[Mapping[str, str]] = MappingProxyType({})
_SAID: Final = ("abstention", "second_choice", "comment", "transcript")


@dataclass(frozen=True, slots=True)
class ParsedExport:
    """What an export says; each annotation is a vote, an abstention or quarantined.

    Attributes:
        votes: `VOTE_SCHEMA`, ordered by vote id.
        abstentions: `ABSTENTION_SCHEMA`: skipped, "can't tell" and "not speech". Without the
            column `reason` they are ledger rows with a null label, with which a changed mind can
            supersede an earlier vote.
        remarks: `REMARK_SCHEMA`: second choices, comments, transcripts and reasons to abstain, of
            the answers that have any.
        quarantined: `QUARANTINE_SCHEMA`, ordered by source reference.
        references: Source reference of every annotation in the export, believed or not.
        seen_at: Latest time the export tells of a task or an annotation, which it was made at or
            after; None where it tells none.
    """

    votes: pa.Table
    abstentions: pa.Table
    remarks: pa.Table
    quarantined: pa.Table
    references: frozenset[str]
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Reader:
    """The fixed part of a parse: what is allowed, and what every row repeats."""

    project: str
    classes: tuple[str, ...]
    taxonomy: str
    modality: str
    known_clips: Collection[str] | None
    asked: InterfaceChoices
    annotators: Mapping[int, str] | None
    authors: Mapping[str, str]
    items: Mapping[str, str]
    believed: dict[str, tuple[datetime, dict[str, object]]] = field(default_factory=dict)
    quarantined: list[dict[str, object]] = field(default_factory=list)
    references: set[str] = field(default_factory=set)
    times: list[datetime] = field(default_factory=list)

    def read(self, task: Mapping[str, object], annotation: Mapping[str, object]) -> None:
        """File one annotation as believed, in its latest revision, or as quarantined."""
        ref = f"{self.project}/{annotation.get('id')}"
        self.references.add(ref)
        self.notice(annotation)
        clip_id = find_clip(task.get("data"), self.items)
        try:
            cast_at = _read_time(annotation.get("updated_at"))
            row = self._read_row(clip_id, annotation, cast_at)
            answer = read_answer(annotation, self.classes, self.asked)
        except QuarantinedError as error:
            refused: dict[str, object] = {
                "source_ref": ref,
                "clip_id": clip_id,
                "annotator": self._find_annotator(ref, annotation.get("completed_by")),
                "reason": error.reason,
                "detail": error.detail,
                "cast_at": self.notice(annotation),
            }
            self.quarantined.append(refused)
            return
        # Pages of a task list that is being edited overlap, so one annotation can come twice.
        if ref not in self.believed or self.believed[ref][0] < cast_at:
            said = {name: getattr(answer, name) for name in _SAID}
            rated = {name: answer.ratings.get(name) for name in DIMENSIONS}
            self.believed[ref] = cast_at, row | said | rated | {"label": answer.label}

    def notice(self, thing: Mapping[str, object]) -> datetime | None:
        """Remember when a task or an annotation last changed, if it says so."""
        with suppress(QuarantinedError):
            self.times.append(_read_time(thing.get("updated_at")))
            return self.times[-1]
        return None

    def _read_row(
        self, clip_id: str | None, annotation: Mapping[str, object], cast_at: datetime
    ) -> dict[str, object]:
        self._check_clip(clip_id)
        number = annotation.get("id")
        if not isinstance(number, int | str):
            raise QuarantinedError("malformed", f"`id` must be a number, but is {number!r}")
        found = annotation.get("completed_by")
        annotator = self._find_annotator(f"{self.project}/{number}", found)
        if annotator is None:
            detail = f"`completed_by` must name a user, but is {found!r}; was the user deleted?"
            raise QuarantinedError("missing_annotator", detail)
        parts = (SOURCE, self.project, str(number), cast_at.isoformat(timespec="microseconds"))
        return {
            "vote_id": hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32],
            "clip_id": clip_id,
            "modality": self.modality,
            "annotator": annotator,
            "taxonomy": self.taxonomy,
            "count": 1,
            "lead_time_s": _read_lead_time(annotation.get("lead_time")),
            "cast_at": cast_at,
            "source": SOURCE,
            "source_ref": f"{self.project}/{number}",
            "is_retraction": False,
        }

    def _find_annotator(self, ref: str, completed_by: object) -> str | None:
        number = user_of(completed_by)
        if number is None:
            return self.authors.get(ref)
        return f"{SOURCE}:{number}" if self.annotators is None else self.annotators.get(number)

    def _check_clip(self, clip_id: str | None) -> None:
        if not clip_id:
            detail = "`data` names no clip: neither a `clip_id` nor an `item` of this project"
            raise QuarantinedError("missing_clip_id", detail)
        if self.known_clips is not None and clip_id not in self.known_clips:
            detail = f"`data.clip_id` `{clip_id}` is no clip of the warehouse"
            raise QuarantinedError("unknown_clip_id", detail)


def parse_export(
    tasks: Sequence[Mapping[str, object]],
    *,
    project: int | str,
    classes: Sequence[str],
    taxonomy: str,
    known_clips: Collection[str] | None = None,
    modality: str = "audio",
    choices: InterfaceChoices | None = None,
    annotators: Mapping[int, str] | None = None,
    authors: Mapping[str, str] = _NOBODY,
    items: Mapping[str, str] = NO_ITEMS,
) -> ParsedExport:
    """Read a JSON export; the server validates nothing, so every annotation is checked here.

    The vote id is a function of source, project, annotation id and `updated_at`: reading an
    export twice gives equal rows, and an edited annotation gives a new vote that
    `supersede` links to the old. Drafts are no annotations and are ignored.

    Args:
        tasks: The export, decoded: objects with `data`, `annotations` and more.
        project: Id of the Label Studio project.
        classes: Class names the interface offered.
        taxonomy: Name of that class list, stored with each vote.
        known_clips: Ids of the clips there are; others are quarantined. None accepts any.
        modality: What the interface presents.
        choices: What the interface asked beside the class; default: that of `InterfaceChoices`.
        annotators: Who each user is; others are nobody. None calls them all by their numbers.
        authors: Whose an answer is that names nobody any more, by source reference: deleting a
            user takes the name off all of their annotations.
        items: Clips by item, for tasks that were published.

    Returns:
        Votes, abstentions, remarks and quarantined rows; of an annotation that comes twice, the
        later revision. Lead times that are not within (0, `MAX_LEAD_TIME_S`] are null.

    Example:
        >>> region = {"from_name": "emotion", "type": "choices", "value": {"choices": ["joy"]}}
        >>> annotation = {"id": 7, "completed_by": 2, "result": [region], "lead_time": 4.5}
        >>> annotation["updated_at"] = "2026-11-22T10:00:00.000001Z"
        >>> task = {"data": {"clip_id": "demo/a"}, "annotations": [annotation]}
        >>> parsed = parse_export([task], project=1, classes=["joy"], taxonomy="demo-1")
        >>> parsed.votes.select(["clip_id", "annotator", "label"]).to_pylist()
        [{'clip_id': 'demo/a', 'annotator': 'label-studio:2', 'label': 'joy'}]
    """
    known = None if known_clips is None else frozenset(known_clips)
    asked = choices or InterfaceChoices()
    reader = _Reader(
        str(project), tuple(classes), taxonomy, modality, known, asked, annotators, authors, items
    )
    for task in tasks:
        reader.notice(task)
        annotations = task.get("annotations")
        for annotation in annotations if isinstance(annotations, list) else []:
            reader.read(task, annotation if isinstance(annotation, Mapping) else {})
    rows = [row for _, row in reader.believed.values()]
    votes = [row for row in rows if row["abstention"] is None]
    abstentions = [row | {"reason": row["abstention"]} for row in rows if row["label"] is None]
    remarks = [row | {"remark_id": row["vote_id"]} for row in rows if any(map(row.get, _SAID))]
    return ParsedExport(
        votes=_to_table(votes, VOTE_SCHEMA),
        abstentions=_to_table(abstentions, ABSTENTION_SCHEMA),
        remarks=_to_table(remarks, REMARK_SCHEMA),
        quarantined=_to_table(reader.quarantined, QUARANTINE_SCHEMA),
        references=frozenset(reader.references),
        seen_at=max(reader.times, default=None),
    )


def user_of(completed_by: object) -> int | None:
    """Return the user an annotation names; exports give a number, or an object that has it.

    Example:
        >>> user_of({"id": 9, "email": "a@example.org"}), user_of(None)
        (9, None)
    """
    number = completed_by.get("id") if isinstance(completed_by, Mapping) else completed_by
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _read_time(value: object) -> datetime:
    try:
        time = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError as error:
        detail = f"`updated_at` must be an ISO 8601 time, but is {value!r}"
        raise QuarantinedError("malformed", detail) from error
    if time.tzinfo is None:
        raise QuarantinedError("malformed", f"`updated_at` must have a zone, but is {value!r}")
    return time


def _read_lead_time(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value <= MAX_LEAD_TIME_S else None


def _to_table(rows: list[dict[str, object]], schema: pa.Schema) -> pa.Table:
    ordered = sorted(rows, key=lambda row: str(row.get("vote_id", row["source_ref"])))
    return pa.Table.from_pylist(ordered, schema=schema)
