"""Ratings on one dimension as a sparse matrix of clips and annotators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from annotation.columns import (
    ANONYMOUS,
    FloatArray,
    IntArray,
    check_known,
    encode,
    name_annotators,
    single_modality,
)
from annotation.errors import VoteError

Dimension = Literal["arousal", "valence", "dominance"]

_READ: Final = {
    "clip_id": pa.string(),
    "modality": pa.string(),
    "annotator": pa.string(),
    "count": pa.int64(),
    "source": pa.string(),
}


@dataclass(frozen=True, slots=True, eq=False)
class RatingMatrix:
    """Ratings of N clips by A annotators, as sorted coordinates of a sparse array.

    A named annotator has at most one entry per clip: a repeated rating is the same person once
    more, not a second witness, so repeats are averaged and a duplicated row changes nothing.
    Anonymous ratings are people who cannot be told apart: each distinct value of a pool has its
    own entry and its count adds up.

    Attributes:
        clips: N clip ids, ascending.
        annotators: A annotator ids, ascending; pools bear the prefix `anonymous:`.
        clip_index: Position in `clips`, (V,) int64, ascending.
        annotator_index: Position in `annotators`, (V,) int64.
        rating: The rating, (V,) float64, finite.
        count: People who gave it, (V,) int64; 1 for a named annotator.
        dimension: What was rated.
        modality: What the annotators perceived; None for a matrix without ratings.
    """

    clips: tuple[str, ...]
    annotators: tuple[str, ...]
    clip_index: IntArray
    annotator_index: IntArray
    rating: FloatArray
    count: IntArray
    dimension: str = "arousal"
    modality: str | None = None

    def __post_init__(self) -> None:
        """Freeze the arrays: a record shared by several aggregators must not change."""
        for values in (self.clip_index, self.annotator_index, self.rating, self.count):
            values.setflags(write=False)

    @property
    def shape(self) -> tuple[int, int]:
        """Return (N, A)."""
        return len(self.clips), len(self.annotators)

    def per_clip(self, values: FloatArray) -> FloatArray:
        """Sum values (V,), each times its count, over each clip, (N,)."""
        sums = np.bincount(self.clip_index, self.count * values, len(self.clips))
        return sums.astype(np.float64, copy=False)

    def per_annotator(self, values: FloatArray) -> FloatArray:
        """Sum values (V,), each times its count, over each annotator, (A,)."""
        sums = np.bincount(self.annotator_index, self.count * values, len(self.annotators))
        return sums.astype(np.float64, copy=False)

    def pools(self) -> npt.NDArray[np.bool_]:
        """Return which annotators are pools of anonymous people, (A,) bool."""
        return np.array([name.startswith(ANONYMOUS) for name in self.annotators], np.bool_)


def build_rating_matrix(votes: pa.Table, dimension: Dimension) -> RatingMatrix:
    """Read one rated dimension of a votes table into the matrix the aggregators work on.

    Rows without a rating on this dimension are left out. Anonymous ratings are pooled into one
    pseudo-annotator per source and modality, called `anonymous:<source>:<modality>`.

    Args:
        votes: Columns `clip_id`, `modality`, `annotator` (null: anonymous), `count`, `source`
            and the dimension; further columns are ignored. One modality.
        dimension: The column of ratings; all of one scale.

    Returns:
        The matrix; without any rating, one with no clips and no annotators.

    Raises:
        VoteError: A column is missing, a rating is not finite, a count is below 1, two
            modalities are mixed, an id is null, or a person bears the prefix `anonymous:`.

    Example:
        >>> from annotation.testing import fill_votes
        >>> rows = {"clip_id": list("aab"), "annotator": ["kim", "lee", "kim"]}
        >>> matrix = build_rating_matrix(fill_votes(rows | {"arousal": [1.0, 3.0, 2.0]}), "arousal")
        >>> matrix.shape, (matrix.per_clip(matrix.rating) / [2, 1]).tolist()
        ((2, 2), [2.0, 2.0])
    """
    table = _rated(votes, dimension)
    modality = single_modality(table)
    clips, clip = encode(table["clip_id"])
    annotators, who = encode(name_annotators(table))
    rating = np.asarray(table[dimension].to_numpy(), np.float64)
    count = np.asarray(table["count"].to_numpy(), np.int64)
    is_pool = np.array([name.startswith(ANONYMOUS) for name in annotators], np.bool_)
    entries = _merge(clip, who, rating, count, is_pool=is_pool)
    return RatingMatrix(clips, annotators, *entries, dimension=dimension, modality=modality)


def _rated(votes: pa.Table, dimension: str) -> pa.Table:
    columns = _READ | {dimension: pa.float64()}
    if "vote_id" in votes.column_names and not votes["vote_id"].null_count:
        # The same row twice is one judgement, anonymous ones included.
        columns = {"vote_id": pa.string()} | columns
    missing = [name for name in columns if name not in votes.column_names]
    if missing:
        msg = (
            f"`votes` lacks {missing}: it must have the columns {list(columns)}, "
            f"but has {votes.column_names}; pass rows of the votes table"
        )
        raise VoteError(msg)
    table = votes.select(list(columns)).cast(pa.schema(list(columns.items())))
    if "vote_id" in columns:
        table = table.group_by(list(columns)).aggregate([])
    table = table.filter(pc.is_valid(table[dimension])).combine_chunks()
    check_known(table, "rating")
    bad = table.filter(
        pc.or_(pc.invert(pc.is_finite(table[dimension])), pc.less(table["count"], 1))
    )
    if bad.num_rows:
        msg = (
            f"`{dimension}` must be finite and `count` at least 1, but clip "
            f"`{bad['clip_id'][0]}` has {bad[dimension][0]} with count {bad['count'][0]}; "
            "leave a missing rating null"
        )
        raise VoteError(msg)
    return table


def _merge(
    clip: IntArray,
    who: IntArray,
    rating: FloatArray,
    count: IntArray,
    *,
    is_pool: npt.NDArray[np.bool_],
) -> tuple[IntArray, IntArray, FloatArray, IntArray]:
    """Return one entry per clip and person, and per clip, pool and value."""
    order = np.lexsort((rating, who, clip))
    clip, who, rating, count = clip[order], who[order], rating[order], count[order]
    if not len(clip):
        return clip, who, rating, count
    pooled = is_pool[who]
    is_new = (np.diff(clip, prepend=-1) != 0) | (np.diff(who, prepend=-1) != 0)
    is_new |= pooled & (np.diff(rating, prepend=np.nan) != 0)
    start = np.flatnonzero(is_new)
    total = np.add.reduceat(count, start)
    mean = np.add.reduceat(count * rating, start) / total
    # A mean of equal numbers may differ from them in the last bit.
    last = rating[np.append(start[1:], len(rating)) - 1]
    mean = np.where(rating[start] == last, last, mean)
    return clip[start], who[start], mean, np.where(pooled[start], total, 1)
