"""Votes as people per clip and class, the one thing agreement without names is made of."""

from __future__ import annotations

import numpy as np

from annotation.columns import ANONYMOUS, FloatArray
from annotation.errors import VoteError
from annotation.votes import VoteMatrix


def people_per_class(votes: VoteMatrix) -> FloatArray:
    """Return how many people gave each clip each class, (N, C) float64.

    A named annotator who gave one label to one clip several times is one person; anonymous counts
    count as they are. One who gave a clip two different labels counts under both.

    Example:
        >>> from annotation.testing import fill_votes
        >>> from annotation.votes import build_vote_matrix
        >>> rows = {"clip_id": ["a"] * 3, "annotator": ["kim", "kim", None], "count": [1, 1, 4]}
        >>> table = fill_votes(rows | {"label": ["joy", "joy", "calm"]})
        >>> people_per_class(build_vote_matrix(table, ["calm", "joy"])).tolist()
        [[4.0, 1.0]]
    """
    clips, _, classes = votes.shape
    is_pool = np.array([name.startswith(ANONYMOUS) for name in votes.annotators], np.bool_)
    people = np.where(is_pool[votes.annotator_index], votes.count, 1) if len(is_pool) else None
    cell = votes.clip_index * classes + votes.label_index
    counts = np.bincount(cell, weights=people, minlength=clips * classes)
    return counts.astype(np.float64).reshape(clips, classes)


def against_rest(counts: FloatArray, index: int) -> FloatArray:
    """Merge all classes but one, (N, 2): agreement on that class alone, "this or not this".

    Args:
        counts: People per clip and class, (N, C).
        index: The class to keep.
    """
    kept = counts[:, index]
    return np.stack([kept, counts.sum(axis=1) - kept], axis=1)


def check_counts(counts: FloatArray) -> FloatArray:
    """Return the counts as float64, or refuse what cannot be people per clip and class.

    Raises:
        VoteError: The array is not (N, C), or an entry is negative or not finite.
    """
    table = np.asarray(counts, np.float64)
    if table.ndim != 2 or not np.isfinite(table).all() or (table < 0).any():
        msg = (
            "`counts` must be (clips, classes), finite and at least 0, but has shape "
            f"{table.shape} and smallest entry {table.min(initial=np.inf)}; see `people_per_class`"
        )
        raise VoteError(msg)
    return table
