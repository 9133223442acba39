"""Votes that keep coming: ids numbered by arrival, sums over any subset of clips or annotators."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy import sparse

from annotation.columns import FloatArray, IntArray
from annotation.votes import VoteMatrix

_MERGE_AT = 0.1


class GrowingVotes:
    """A large base of votes as sparse matrices, and a small tail that joins it now and then.

    A pair is (annotator, answer), numbered annotator · C + label. A removed vote is a vote with a
    negative count. Adding n votes costs n plus the length of the tail, not of the base.

    Args:
        classes: Number of classes C.
    """

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self.clips: dict[str, int] = {}
        self.annotators: dict[str, int] = {}
        self._parts: list[tuple[IntArray, IntArray, IntArray]] = []
        self._merged = 0
        self._blocks: list[tuple[sparse.csr_array, sparse.csr_array]] = []
        self.size = 0

    def number(self, votes: VoteMatrix) -> tuple[IntArray, IntArray]:
        """Return clip and pair of each distinct vote, numbering ids not seen before."""
        clip = _number(self.clips, votes.clips)[votes.clip_index]
        annotator = _number(self.annotators, votes.annotators)[votes.annotator_index]
        return clip, annotator * self.classes + votes.label_index

    def add(self, clip: IntArray, pair: IntArray, count: IntArray) -> None:
        """Append votes; the tail joins the base once it is a tenth as long."""
        self._parts.append((clip, pair, count))
        self.size += len(clip)
        tail = sum(len(part[0]) for part in self._parts[self._merged :])
        base = sum(len(part[0]) for part in self._parts[: self._merged])
        if tail > _MERGE_AT * base:
            self._merged = len(self._parts)
            self._blocks = [self._arrange(self._parts)]
        else:
            self._blocks[1:] = [self._arrange(self._parts[self._merged :])]

    def rows(self) -> tuple[IntArray, IntArray, IntArray]:
        """Return clip, pair and count of every vote in order of arrival."""
        if not self._parts:
            nothing = np.zeros(0, np.int64)
            return nothing, nothing, nothing
        columns = zip(*self._parts, strict=True)
        clip, pair, count = (np.concatenate(column) for column in columns)
        return clip, pair, count

    def per_clip(self, table: FloatArray, clips: IntArray | None = None) -> FloatArray:
        """Sum rows of a (pairs, C) table over the votes on each clip, or on the given ones."""
        size = len(self.clips) if clips is None else len(clips)
        total = np.zeros((size, table.shape[1]))
        for by_clip, _ in self._blocks:
            _add_rows(total, by_clip, table, clips)
        return total

    def per_pair(self, values: FloatArray) -> FloatArray:
        """Sum rows of an (N, C) array over the clips of each pair, (pairs, C)."""
        total = np.zeros((len(self.annotators) * self.classes, values.shape[1]))
        for by_clip, _ in self._blocks:
            # Stored by clip, the transpose reads in order and scatters into few pairs.
            part = by_clip.T @ values[: by_clip.shape[0]]
            total[: len(part)] += part
        return total

    def spread(self, clips: IntArray, change: FloatArray) -> FloatArray:
        """Sum the change of some clips' rows, (len(clips), C), over their pairs, (pairs, C)."""
        total = np.zeros((len(self.annotators) * self.classes, change.shape[1]))
        for by_clip, _ in self._blocks:
            known = clips < by_clip.shape[0]
            part = by_clip[clips[known]].T @ change[known]
            total[: len(part)] += part
        return total

    def votes_of(self, pairs: IntArray) -> int:
        """Return how many distinct votes these pairs hold."""
        return sum(
            int(np.diff(by_pair.indptr)[pairs[pairs < by_pair.shape[0]]].sum())
            for _, by_pair in self._blocks
        )

    def clips_of(self, pairs: IntArray) -> IntArray:
        """Return the clips that any of these pairs voted on, ascending."""
        found = [by_pair[pairs[pairs < by_pair.shape[0]]].indices for _, by_pair in self._blocks]
        return np.asarray(
            np.unique(np.concatenate([*found, np.zeros(0, np.int32)])), dtype=np.int64
        )

    def _arrange(
        self, parts: Iterable[tuple[IntArray, IntArray, IntArray]]
    ) -> tuple[sparse.csr_array, sparse.csr_array]:
        clip, pair, count = (np.concatenate(column) for column in zip(*parts, strict=True))
        shape = (len(self.clips), len(self.annotators) * self.classes)
        index = (clip.astype(np.int32), pair.astype(np.int32))
        by_clip = sparse.csr_array((count.astype(np.float64), index), shape=shape)
        return by_clip, by_clip.T.tocsr()


def _number(known: dict[str, int], names: Iterable[str]) -> IntArray:
    return np.array([known.setdefault(name, len(known)) for name in names], np.int64)


def _add_rows(
    total: FloatArray, matrix: sparse.csr_array, values: FloatArray, rows: IntArray | None
) -> None:
    """Add matrix @ values to the rows of `total`; a block may be smaller than what came since."""
    values = values[: matrix.shape[1]]
    if rows is None:
        total[: matrix.shape[0]] += matrix @ values
        return
    known = rows < matrix.shape[0]
    total[known] += matrix[rows[known]] @ values
