"""What answers change in the ledger: edits replace, deletions withdraw, nothing is erased."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotation.label_studio.parse import SOURCE
from annotation.votes import VOTE_SCHEMA

_ANNOTATION: Final = ["source", "source_ref"]
_KEPT: Final = ("clip_id", "modality", "annotator", "taxonomy", "count", "source", "source_ref")


@dataclass(frozen=True, slots=True, eq=False)
class Withdrawal:
    """What a complete export says by what it lacks.

    Attributes:
        retractions: `VOTE_SCHEMA`: one row per answer that is gone.
        newer: Answers that are not in the export because they were given after it was made.
    """

    retractions: pa.Table
    newer: int


@dataclass(frozen=True, slots=True, eq=False)
class Deletions:
    """What tasks say by the annotations that they lack.

    Attributes:
        retractions: `VOTE_SCHEMA`: one row per answer whose annotation was deleted.
        untold: Ledger rows of the answers that are on no task that was read, and stand.
    """

    retractions: pa.Table
    untold: pa.Table


def supersede(
    votes: pa.Table, ledger: pa.Table, *, seen_at: datetime | None = None, is_full: bool = False
) -> pa.Table:
    """Drop the answers the ledger has, and point the others to the row they replace.

    Two rows are about one annotation when source and source reference are equal. An answer
    supersedes the latest revision the ledger holds; one that is not later arrives again, or too
    late to count, and is dropped. An annotation that was withdrawn comes back, under an id of its
    own, when it was changed after the withdrawal, or an export made after it holds it.

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
    latest = _latest(ledger).select([*_ANNOTATION, "vote_id", "cast_at", "is_retraction"])
    latest = latest.rename_columns([*_ANNOTATION, "last_id", "last_at", "is_gone"])
    answers = votes.select([*_ANNOTATION, "cast_at", "vote_id"])
    answers = answers.append_column("row", pa.array(np.arange(len(answers))))
    found = answers.join(latest, _ANNOTATION, join_type="left outer").sort_by("row")
    is_gone = pc.fill_null(found["is_gone"], False)
    is_later = pc.fill_null(pc.greater(found["cast_at"], found["last_at"]), True)
    keep = pc.or_(is_later, pc.and_(is_gone, _is_seen_after(found, seen_at, is_full=is_full)))
    linked = _set(votes, "vote_id", _renamed(found, is_gone))
    return _set(linked, "supersedes", found["last_id"]).filter(keep)


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
    missing = _missing(ledger, references, project)
    if seen_at is None:
        return Withdrawal(VOTE_SCHEMA.empty_table(), newer=missing.num_rows)
    is_before = pc.less_equal(
        missing["cast_at"], pa.scalar(seen_at, VOTE_SCHEMA.field("cast_at").type)
    )
    before = missing.filter(is_before)
    retractions = _retract(before, pa.array([seen_at] * before.num_rows, pa.timestamp("us", "UTC")))
    return Withdrawal(retractions, newer=missing.num_rows - before.num_rows)


def withdraw_deleted(
    ledger: pa.Table,
    references: Collection[str],
    tasks: pa.Table,
    deliveries: pa.Table,
    *,
    project: str,
) -> Deletions:
    """Retract the answers that their tasks no longer have, as a server shows them.

    A task that was deleted says nothing of the answers it had: they stand. So an answer that is
    older than every task that was read about its clip was given on another one, and so may one
    have been where a further task about the clip, met when those were there, was not read.

    Args:
        ledger: All rows of the clips concerned, `VOTE_SCHEMA`; rows of other projects are left
            alone.
        references: Source references of the annotations on the tasks that were read.
        tasks: The tasks that were read: `clip_id`, `task_id`, `created_at`, `updated_at`.
        deliveries: Every task that was ever met in the project: `clip_id`, `task_id`, `seen_at`.
        project: The project.

    Returns:
        Retractions as of the last change of the task, and the answers that stand without one.

    Example:
        >>> from datetime import UTC
        >>> from annotation.testing import fill_votes
        >>> row = {"clip_id": ["a"], "source": ["label-studio"], "source_ref": ["1/7"]}
        >>> ledger = fill_votes(row | {"cast_at": [datetime(2026, 11, 22, tzinfo=UTC)]})
        >>> day = [datetime(2026, 11, 21, tzinfo=UTC)]
        >>> task = {"clip_id": ["a"], "task_id": [1]}
        >>> tasks = pa.table(task | {"created_at": day, "updated_at": day})
        >>> seen = pa.table(task | {"seen_at": day})
        >>> withdraw_deleted(ledger, [], tasks, seen, project="1").retractions.num_rows
        1
    """
    missing = _missing(ledger, references, project)
    begun = tasks.group_by("clip_id").aggregate([("created_at", "min"), ("updated_at", "max")])
    others = deliveries.join(tasks.select(["task_id"]), "task_id", join_type="left anti")
    others = others.join(begun, "clip_id", join_type="inner")
    doubtful = others.filter(pc.greater_equal(others["seen_at"], others["created_at_min"]))
    told = missing.join(begun, "clip_id", join_type="inner")
    told = told.filter(
        pc.and_(
            pc.greater_equal(told["cast_at"], told["created_at_min"]),
            pc.invert(pc.is_in(told["clip_id"], doubtful["clip_id"].combine_chunks())),
        )
    )
    # A task may tell a time before that of an annotation which was imported with it.
    is_older = pc.less(told["updated_at_max"], told["cast_at"])
    changed_at = pc.if_else(is_older, told["cast_at"], told["updated_at_max"])
    untold = missing.filter(
        pc.invert(pc.is_in(missing["vote_id"], told["vote_id"].combine_chunks()))
    )
    return Deletions(_retract(told, changed_at), untold)


def withdraw_refused(ledger: pa.Table, quarantined: pa.Table) -> pa.Table:
    """Retract the answers that were edited into something that cannot be believed.

    Nobody says any longer what the ledger has, and what is said instead is no vote. The retraction
    bears the time of that edit; a correction supersedes it.

    Args:
        ledger: All rows of these annotations, `VOTE_SCHEMA`.
        quarantined: `annotation.label_studio.parse.QUARANTINE_SCHEMA`.

    Returns:
        `VOTE_SCHEMA`: one row per answer that no longer stands.

    Example:
        >>> from annotation.label_studio.parse import QUARANTINE_SCHEMA
        >>> from annotation.testing import fill_votes
        >>> row = {"clip_id": ["a"], "source": ["label-studio"], "source_ref": ["1/7"]}
        >>> edit = {"source_ref": "1/7", "reason": "unknown_choice", "detail": "rage", "cast_at": 2}
        >>> refused = pa.Table.from_pylist([edit], schema=QUARANTINE_SCHEMA)
        >>> withdraw_refused(fill_votes(row | {"cast_at": [1]}), refused)["supersedes"].to_pylist()
        ['vote-000000']
    """
    edits = quarantined.group_by("source_ref").aggregate([("cast_at", "max")])
    found = _standing(ledger).join(edits, "source_ref", join_type="inner")
    later = found.filter(pc.greater(found["cast_at_max"], found["cast_at"]))
    return _retract(later, later["cast_at_max"])


def withdraw_surplus(ledger: pa.Table) -> pa.Table:
    """Retract all but the latest of several answers of one annotation that stand side by side.

    Two collections at the same time can each replace an answer by another revision of it.

    Args:
        ledger: All rows of these annotations, `VOTE_SCHEMA`.

    Returns:
        `VOTE_SCHEMA`: one row per answer too many, as old as that answer.

    Example:
        >>> from annotation.testing import fill_votes
        >>> row = {"clip_id": ["a"] * 2, "source": ["label-studio"] * 2, "source_ref": ["1/7"] * 2}
        >>> withdraw_surplus(fill_votes(row | {"cast_at": [1, 2]}))["supersedes"].to_pylist()
        ['vote-000000']
    """
    rows = _unreplaced(ledger.filter(pc.equal(ledger["source"], SOURCE)))
    rows = rows.filter(pc.invert(rows["is_retraction"]))
    latest = _latest(ledger)["vote_id"].combine_chunks()
    surplus = rows.filter(pc.invert(pc.is_in(rows["vote_id"], latest)))
    return _retract(surplus, surplus["cast_at"])


def _unreplaced(ledger: pa.Table) -> pa.Table:
    replaced = ledger["supersedes"].drop_null().combine_chunks()
    last = ledger.filter(pc.invert(pc.is_in(ledger["vote_id"], replaced)))
    return last.filter(pc.is_valid(last["cast_at"]))


def _latest(ledger: pa.Table) -> pa.Table:
    """Return the last row of each annotation: the vote that stands, or its retraction."""
    rows = _unreplaced(ledger).sort_by([("cast_at", "ascending"), ("vote_id", "ascending")])
    rows = rows.append_column("row", pa.array(np.arange(rows.num_rows)))
    last = rows.group_by(_ANNOTATION).aggregate([("row", "max")])["row_max"]
    return rows.drop_columns(["row"]).take(last)


def _standing(ledger: pa.Table) -> pa.Table:
    last = _latest(ledger.filter(pc.equal(ledger["source"], SOURCE)))
    return last.filter(pc.invert(last["is_retraction"]))


def _missing(ledger: pa.Table, references: Collection[str], project: int | str) -> pa.Table:
    """Return the answers of a project that stand and are not among some annotations."""
    standing = _standing(ledger)
    of = pc.replace_substring_regex(standing["source_ref"], "(?s)/[^/]*$", "")
    known = pa.array(references, pa.string())
    is_known = pc.is_in(standing["source_ref"], known)
    return standing.filter(pc.and_(pc.equal(of, str(project)), pc.invert(is_known)))


def _retract(rows: pa.Table, cast_at: pa.ChunkedArray) -> pa.Table:
    """Return the retractions of some rows, ordered by what they withdraw."""
    withdrawn = rows["vote_id"].to_pylist()
    columns = {name: rows[name] for name in _KEPT} | {"cast_at": cast_at}
    columns["supersedes"] = rows["vote_id"]
    columns["vote_id"] = pa.array(
        [_derive(vote_id, "withdrawn") for vote_id in withdrawn], pa.string()
    )
    columns["is_retraction"] = pa.array([True] * len(withdrawn), pa.bool_())
    nothing = [None] * len(withdrawn)
    table = pa.table(
        {
            field.name: columns.get(field.name, pa.array(nothing, field.type))
            for field in VOTE_SCHEMA
        },
        schema=VOTE_SCHEMA,
    )
    return table.sort_by("supersedes")


def _is_seen_after(found: pa.Table, seen_at: datetime | None, *, is_full: bool) -> pa.ChunkedArray:
    if seen_at is None:
        return pa.array([False] * found.num_rows, pa.bool_())
    compare = pc.less_equal if is_full else pc.less
    return pc.fill_null(
        compare(found["last_at"], pa.scalar(seen_at, pa.timestamp("us", "UTC"))), False
    )


def _renamed(found: pa.Table, is_gone: pa.ChunkedArray) -> pa.Array:
    """Return the ids of answers; what comes back needs another than it had."""
    columns = (found["vote_id"], found["last_id"], is_gone)
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    ids = [_derive(own, last) if gone else own for own, last, gone in rows]
    return pa.array(ids, pa.string())


def _derive(vote_id: str, why: str) -> str:
    return hashlib.sha256(f"{vote_id}\x1f{why}".encode()).hexdigest()[:32]


def _set(table: pa.Table, name: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), table.schema.field(name), values)
