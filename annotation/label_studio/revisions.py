"""What an export changes in the ledger: edits replace, deletions withdraw, nothing is erased."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from annotation.label_studio.parse import SOURCE
from annotation.votes import VOTE_SCHEMA

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Withdrawal:
    """What a complete export says by what it lacks.

    Attributes:
        retractions: `VOTE_SCHEMA`: one row per answer that is gone.
        newer: Answers that are not in the export because they were given after it was made.
    """

    retractions: pa.Table
    newer: int


def supersede(
    votes: pa.Table, ledger: pa.Table, *, seen_at: datetime | None = None, is_full: bool = False
) -> pa.Table:
    """Drop the answers the ledger has, and point the others to the row they replace.

    Two rows are about one annotation when source and source reference are equal. An answer
    supersedes the latest revision the ledger holds; one that is not later arrives again, or too
    late to count, and is dropped. An annotation that was withdrawn comes back, under an id of its
    own, when an export made after the withdrawal holds it.

    Args:
        votes: New rows, at most one per annotation, with at least the columns below.
        ledger: All rows of these annotations, superseded ones and retractions too, with `vote_id`,
            `source`, `source_ref`, `cast_at`, `supersedes`, `is_retraction`.
        seen_at: When the export was made, at the earliest; None brings nothing back.
        is_full: Whether the export is said to be complete; it then overrules a withdrawal of the
            same time.

    Returns:
        The rows of `votes` to append, in their order, with `supersedes` filled in.

    Example:
        >>> from annotation.testing import fill_votes
        >>> old = {"clip_id": ["a"], "source_ref": ["1/7"], "cast_at": [1], "vote_id": ["v1"]}
        >>> new = old | {"cast_at": [2], "vote_id": ["v2"]}
        >>> supersede(fill_votes(new), fill_votes(old))["supersedes"].to_pylist()
        ['v1']
    """
    latest = _latest(ledger)
    keep, ids, replaced = [], [], []
    for row in votes.select(["source", "source_ref", "cast_at", "vote_id"]).to_pylist():
        last = latest.get((row["source"], row["source_ref"]), _NOTHING)
        keep.append(last is _NOTHING or _is_news(row["cast_at"], last, seen_at, is_full=is_full))
        ids.append(_derive(row["vote_id"], last["vote_id"]) if _is_gone(last) else row["vote_id"])
        replaced.append(last.get("vote_id"))
    linked = _set(votes, "vote_id", ids)
    return _set(linked, "supersedes", replaced).filter(pa.array(keep, pa.bool_()))


def withdraw(
    ledger: pa.Table, references: Collection[str], *, project: int | str, seen_at: datetime | None
) -> Withdrawal:
    """Retract the answers that a complete export lacks: their annotations were deleted.

    An answer given after the export was made is not missing from it. An export tells when it was
    made only by the latest change in it, so the answer whose deletion is the very last change is
    taken for newer until something else happens in the project.

    Args:
        ledger: All rows of the project, `VOTE_SCHEMA`; rows of others are left alone.
        references: Source references of the annotations in the export.
        project: Id of the Label Studio project.
        seen_at: When the export was made, at the earliest.

    Returns:
        The retractions, by the id of what they withdraw, and how many answers are newer.

    Example:
        >>> from datetime import UTC
        >>> from annotation.testing import fill_votes
        >>> row = {"clip_id": ["a"], "source": ["label-studio"], "source_ref": ["1/7"]}
        >>> row |= {"cast_at": [datetime(2026, 11, 21, tzinfo=UTC)], "vote_id": ["v1"]}
        >>> later = datetime(2026, 11, 22, tzinfo=UTC)
        >>> gone = withdraw(fill_votes(row), [], project=1, seen_at=later)
        >>> gone.retractions.select(["supersedes", "is_retraction"]).to_pylist()
        [{'supersedes': 'v1', 'is_retraction': True}]
    """
    answers = _latest(ledger.filter(pc.equal(ledger["source"], SOURCE))).values()
    standing = [row for row in answers if not _is_gone(row)]
    ours = [row for row in standing if row["source_ref"].rpartition("/")[0] == str(project)]
    missing = [row for row in ours if row["source_ref"] not in references]
    before = [row for row in missing if seen_at is not None and row["cast_at"] <= seen_at]
    rows = [
        {name: row[name] for name in ("clip_id", "modality", "annotator", "taxonomy")}
        | {name: row[name] for name in ("source", "source_ref", "count")}
        | {"vote_id": _derive(row["vote_id"], "withdrawn"), "supersedes": row["vote_id"]}
        | {"cast_at": seen_at, "is_retraction": True}
        for row in sorted(before, key=lambda row: row["vote_id"])
    ]
    retractions = pa.Table.from_pylist(rows, schema=VOTE_SCHEMA)
    return Withdrawal(retractions, newer=len(missing) - len(before))


def _latest(ledger: pa.Table) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the last row of each annotation: the vote that stands, or its retraction."""
    replaced = ledger["supersedes"].drop_null().combine_chunks()
    last = ledger.filter(pc.invert(pc.is_in(ledger["vote_id"], replaced)))
    rows = last.filter(pc.is_valid(last["cast_at"])).to_pylist()
    return {
        (row["source"], row["source_ref"]): row
        for row in sorted(rows, key=lambda row: (row["cast_at"], row["vote_id"]))
    }


def _is_gone(last: Mapping[str, Any]) -> bool:
    return bool(last.get("is_retraction"))


def _is_news(
    cast_at: datetime, last: Mapping[str, Any], seen_at: datetime | None, *, is_full: bool
) -> bool:
    if not _is_gone(last):
        return bool(cast_at > last["cast_at"])
    if seen_at is None:
        return False
    return bool(seen_at > last["cast_at"] or (is_full and seen_at == last["cast_at"]))


def _derive(vote_id: str, why: str) -> str:
    return hashlib.sha256(f"{vote_id}\x1f{why}".encode()).hexdigest()[:32]


def _set(table: pa.Table, name: str, values: list[str | None]) -> pa.Table:
    column = table.schema.get_field_index(name)
    return table.set_column(column, table.schema.field(name), pa.array(values, pa.string()))
