"""The vote ledger's shape, and the sparse matrix of votes that every aggregator reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotation.columns import (
    IntArray,
    as_int64,
    check_known,
    encode,
    name_annotators,
    single_modality,
)
from annotation.errors import VoteError

VOTE_SCHEMA: Final = pa.schema(
    [
        pa.field("vote_id", pa.string(), nullable=False),
        pa.field("clip_id", pa.string(), nullable=False),
        pa.field("modality", pa.string(), nullable=False),
        pa.field("annotator", pa.string()),
        pa.field("taxonomy", pa.string(), nullable=False),
        pa.field("label", pa.string()),
        pa.field("arousal", pa.float64()),
        pa.field("valence", pa.float64()),
        pa.field("dominance", pa.float64()),
        pa.field("count", pa.int32(), nullable=False),
        pa.field("lead_time_s", pa.float64()),
        pa.field("cast_at", pa.timestamp("us", tz="UTC")),
        pa.field("source", pa.string(), nullable=False),
        pa.field("source_ref", pa.string(), nullable=False),
        pa.field("supersedes", pa.string()),
        pa.field("is_retraction", pa.bool_(), nullable=False),
    ]
)
"""One row per judgement, or per anonymous count of equal judgements (`annotator` null)."""

_READ: Final = ("clip_id", "modality", "annotator", "label", "count", "source")


@dataclass(frozen=True, slots=True, eq=False)
class VoteMatrix:
    """Votes on N clips by A annotators in C classes, as sorted coordinates of a sparse array.

    The four index arrays have one entry per distinct (clip, annotator, label), ordered by clip,
    then annotator, then label, and are read-only. Ids are sorted, so two tables with the same
    votes in another row order give equal matrices.

    Attributes:
        clips: N clip ids, ascending.
        annotators: A annotator ids, ascending.
        classes: C class names in the taxonomy's order.
        clip_index: Position in `clips`, int64.
        annotator_index: Position in `annotators`, int64.
        label_index: Position in `classes`, int64.
        count: How often this annotator gave this label to this clip, int64, at least 1.
        modality: What the annotators perceived; None for a matrix without votes.
    """

    clips: tuple[str, ...]
    annotators: tuple[str, ...]
    classes: tuple[str, ...]
    clip_index: IntArray
    annotator_index: IntArray
    label_index: IntArray
    count: IntArray
    modality: str | None = None

    def __post_init__(self) -> None:
        """Freeze the arrays: a record shared by several aggregators must not change."""
        for values in (self.clip_index, self.annotator_index, self.label_index, self.count):
            values.setflags(write=False)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return (N, A, C)."""
        return len(self.clips), len(self.annotators), len(self.classes)

    def class_counts(self) -> IntArray:
        """Return the votes per clip and class over all annotators, (N, C)."""
        clips, _, classes = self.shape
        cell = self.clip_index * classes + self.label_index
        counts = np.bincount(cell, weights=self.count, minlength=clips * classes)
        return counts.astype(np.int64).reshape(clips, classes)

    def clip_counts(self) -> IntArray:
        """Return the votes on each clip, (N,)."""
        votes = np.bincount(self.clip_index, weights=self.count, minlength=len(self.clips))
        return votes.astype(np.int64)

    def annotator_counts(self) -> IntArray:
        """Return the votes each annotator cast, (A,)."""
        size = len(self.annotators)
        votes = np.bincount(self.annotator_index, weights=self.count, minlength=size)
        return votes.astype(np.int64)


def build_vote_matrix(votes: pa.Table, classes: Sequence[str]) -> VoteMatrix:
    """Read a votes table into the sparse matrix the aggregators work on.

    Rows without a label (ratings only, abstentions) are left out. Several votes of one annotator
    on one clip count as repeated responses, but rows that share a `vote_id` are one vote.
    Anonymous counts are pooled into one pseudo-annotator per source and modality, called
    `anonymous:<source>:<modality>`.

    Args:
        votes: Columns `clip_id`, `modality`, `annotator` (null: anonymous), `label`, `count` and
            `source`, and `vote_id` where votes have one; further columns are ignored. One
            modality: what was heard and what was seen are different judgements, so they are
            never added up.
        classes: The C class names; their order is the order of every class axis.

    Returns:
        The matrix of the labelled rows; without any, a matrix with no clips and no annotators.

    Raises:
        VoteError: A column is missing, a class is repeated, a label is outside `classes`, a
            count is below 1, two modalities are mixed, an id is null, a `vote_id` names two
            different votes, or a person bears the prefix `anonymous:`.

    Example:
        >>> rows = {"clip_id": ["a", "a"], "annotator": ["kim", None], "label": ["joy", "calm"]}
        >>> rows |= {"modality": ["audio"] * 2, "count": [1, 3], "source": ["demo"] * 2}
        >>> matrix = build_vote_matrix(pa.table(rows), ["calm", "joy"])
        >>> matrix.annotators, matrix.class_counts().tolist()
        (('anonymous:demo:audio', 'kim'), [[3, 1]])
    """
    names = _check_classes(classes)
    table = _labelled(votes)
    _check_rows(table)
    labels = _label_index(table, names)
    modality = single_modality(table)
    clips, clip_index = encode(table["clip_id"])
    annotators, annotator_index = encode(name_annotators(table))
    counts = table["count"].to_numpy().astype(np.int64)
    cell = (clip_index * max(len(annotators), 1) + annotator_index) * len(names) + labels
    cell, counts = _sum_by_cell(cell, counts)
    pair, label_index = np.divmod(cell, len(names))
    clip_index, annotator_index = np.divmod(pair, max(len(annotators), 1))
    return VoteMatrix(
        clips, annotators, names, clip_index, annotator_index, label_index, counts, modality
    )


def _check_classes(classes: Sequence[str]) -> tuple[str, ...]:
    names = tuple(classes)
    if not names or len(set(names)) != len(names):
        msg = (
            f"`classes` must name at least one class and each only once, but got {names}; "
            "pass the taxonomy's classes"
        )
        raise VoteError(msg)
    return names


def _labelled(votes: pa.Table) -> pa.Table:
    missing = [name for name in _READ if name not in votes.column_names]
    if missing:
        msg = (
            f"`votes` lacks {missing}: it must have the columns {list(_READ)}, "
            f"but has {votes.column_names}; pass rows of the votes table"
        )
        raise VoteError(msg)
    table = _distinct(votes).select(_READ).cast(_READ_SCHEMA)
    return table.filter(pc.is_valid(table["label"])).combine_chunks()


def _distinct(votes: pa.Table) -> pa.Table:
    """Drop rows that repeat a `vote_id`; where nothing tells votes apart, all rows count."""
    if "vote_id" not in votes.column_names or votes["vote_id"].null_count:
        return votes
    ids = votes["vote_id"].combine_chunks().dictionary_encode()
    if len(ids.dictionary) == len(ids):
        return votes
    different = votes.select(["vote_id", *_READ]).group_by(["vote_id", *_READ]).aggregate([])
    if different.num_rows > len(ids.dictionary):
        repeated = different.group_by("vote_id").aggregate([([], "count_all")])
        clash = repeated.filter(pc.greater(repeated["count_all"], 1)).sort_by("vote_id")
        msg = (
            f"`vote_id` `{clash['vote_id'][0]}` names {clash['count_all'][0]} different votes; "
            "give each vote its own id, or pass the votes in force only"
        )
        raise VoteError(msg)
    _, first = np.unique(ids.indices.to_numpy(), return_index=True)
    return votes.take(np.sort(first))


_READ_SCHEMA: Final = pa.schema([VOTE_SCHEMA.field(name).with_nullable(True) for name in _READ])


def _check_rows(table: pa.Table) -> None:
    check_known(table, "vote")
    too_low = table.filter(pc.less(table["count"], 1))
    if too_low.num_rows:
        msg = (
            f"`count` must be at least 1, but is {too_low['count'][0]} for the label "
            f"`{too_low['label'][0]}` of clip `{too_low['clip_id'][0]}`; drop rows without votes"
        )
        raise VoteError(msg)


def _label_index(table: pa.Table, classes: tuple[str, ...]) -> IntArray:
    index = pc.index_in(table["label"], value_set=pa.array(classes, pa.string()))
    if index.null_count:
        row = int(np.flatnonzero(index.is_null().to_numpy())[0])
        msg = (
            f"`{table['label'][row]}` of clip `{table['clip_id'][row]}` is none of the classes "
            f"{list(classes)} ({index.null_count} such rows); map the labels to this taxonomy "
            "or select the votes of this taxonomy only"
        )
        raise VoteError(msg)
    return as_int64(index)


def _sum_by_cell(cell: IntArray, counts: IntArray) -> tuple[IntArray, IntArray]:
    if not len(cell):
        return cell, counts
    order = np.argsort(cell, kind="stable")
    cell = cell[order]
    starts = np.flatnonzero(np.diff(cell, prepend=cell[0] - 1))
    return cell[starts], np.add.reduceat(counts[order], starts)
