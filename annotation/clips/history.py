"""A clip's rows of the ledger in time: what each added, and what it took away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from annotation.clips.explanation import State, VoteLine
from annotation.columns import ANONYMOUS
from annotation.errors import VoteError
from annotation.votes import VOTE_SCHEMA

Row = Mapping[str, Any]
"""A row of `VOTE_SCHEMA` by column."""

_RATINGS = ("arousal", "valence", "dominance")
_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the ledger, and what it changes.

    Attributes:
        row: The row.
        changes: Labelled rows and whether they come in (+1) or are taken away (−1).
    """

    row: Row
    changes: tuple[tuple[Row, int], ...]


def voter_of(annotator: str | None, source: str, modality: str) -> str:
    """Return the annotator as `build_vote_matrix` calls them, the pool of anonymous ones too."""
    return annotator or f"{ANONYMOUS}{source}:{modality}"


def read_rows(clip_id: str, ledger: pa.Table, classes: tuple[str, ...]) -> list[Row]:
    """Return the rows on a clip, by vote id.

    Raises:
        VoteError: There are none, they mix modalities or taxonomies, or a label is no class.
    """
    table = ledger.select(VOTE_SCHEMA.names)
    rows: list[Row] = table.filter(pc.equal(table["clip_id"], clip_id)).to_pylist()
    if not rows:
        msg = f"clip `{clip_id}` has no rows in `ledger`; check the id"
        raise VoteError(msg)
    for name in ("modality", "taxonomy"):
        found = sorted({row[name] for row in rows})
        if len(found) > 1:
            msg = f"the rows on clip `{clip_id}` mix the {name} {found}; select one of them"
            raise VoteError(msg)
    strangers = sorted({row["label"] for row in rows if row["label"]} - set(classes))
    if strangers:
        msg = f"clip `{clip_id}` has the labels {strangers}, none of the classes {list(classes)}"
        raise VoteError(msg)
    return sorted({row["vote_id"]: row for row in rows}.values(), key=lambda row: row["vote_id"])


def order_events(rows: Sequence[Row]) -> list[Event]:
    """Return the rows in time with what each changes.

    A row without time comes first, or right after the row it replaces: it cannot precede it.
    """
    by_id = {row["vote_id"]: row for row in rows}
    ordered = sorted(rows, key=lambda row: (*_moment(row, by_id), row["vote_id"]))
    events, inside = [], set()
    for row in ordered:
        changes = []
        old = by_id.get(row["supersedes"])
        if old is not None and old["vote_id"] in inside:
            changes.append((old, -1))
            inside.discard(old["vote_id"])
        if row["label"] is not None and not row["is_retraction"]:
            changes.append((row, 1))
            inside.add(row["vote_id"])
        events.append(Event(row, tuple(changes)))
    return events


def states_of(rows: Sequence[Row]) -> list[VoteLine]:
    """Return the rows as they stand after all of them, in the order given."""
    replaced: dict[str, State] = {
        row["supersedes"]: "retracted" if row["is_retraction"] else "superseded" for row in rows
    }
    names = ("vote_id", "cast_at", "annotator", "label", "count", "lead_time_s", "source")
    return [
        VoteLine(
            **{name: row[name] for name in names},
            supersedes=row["supersedes"],
            state=_state(row, replaced),
        )
        for row in rows
    ]


def _state(row: Row, replaced: Mapping[str, State]) -> State:
    if row["is_retraction"]:
        return "retraction"
    if row["vote_id"] in replaced:
        return replaced[row["vote_id"]]
    if row["label"] is not None:
        return "stands"
    return "rated" if any(row[name] is not None for name in _RATINGS) else "abstained"


def _moment(row: Row, by_id: Mapping[str, Row]) -> tuple[datetime, int]:
    """Return when a row took effect, and how many rows it follows in its chain."""
    moment, depth, seen = row["cast_at"] or _EARLIEST, 0, {row["vote_id"]}
    while (row := by_id.get(row["supersedes"], {})) and row["vote_id"] not in seen:
        moment, depth = max(moment, row["cast_at"] or _EARLIEST), depth + 1
        seen.add(row["vote_id"])
    return moment, depth
