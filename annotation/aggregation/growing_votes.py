"""Votes that keep coming: ids numbered by arrival, sums over any subset of clips or annotators."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import sparse

from annotation.columns import FloatArray, IntArray
from annotation.votes import VoteMatrix

_MERGE_AT = 0.1
_BLOCK = 16_384
"""Clips that are worked on at a time, so that they stay in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """Consecutive clips: their votes in the base, and which of them have votes in the tail."""

    rows: slice
    base: sparse.csr_array
    in_tail: slice
    late: IntArray
    tail: sparse.csr_array

    def per_clip(self, table: FloatArray) -> FloatArray:
        sums = np.asarray(self.base @ table[: self.base.shape[1]])
        sums[self.late] += self.tail @ table
        return sums


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
        self.size = 0
        self._parts: list[tuple[IntArray, IntArray, IntArray]] = []
        self._merged = 0
        self._base = self._base_by_pair = sparse.csr_array((0, 0))
        self._tail_clip: IntArray = np.zeros(0, np.int64)
        self._tail_pair: IntArray = self._tail_clip
        self._tail_rows: IntArray = self._tail_clip
        self._tail = sparse.csr_array((0, 0))
        self._blocks: list[_Block] = []

    @property
    def pairs(self) -> int:
        """Return how many (annotator, answer) there are."""
        return len(self.annotators) * self.classes

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
        if tail > _MERGE_AT * (self.size - tail):
            base_clip, base_pair, base_count = self.rows()
            self._merged = len(self._parts)
            self._base = self._arrange(base_clip, base_pair, base_count, len(self.clips))
            self._base_by_pair = self._base.T.tocsr()
        self._tail_clip, self._tail_pair, count = self._join(self._parts[self._merged :])
        self._tail_rows, position = np.unique(self._tail_clip, return_inverse=True)
        self._tail = self._arrange(position, self._tail_pair, count, len(self._tail_rows))
        self._blocks = [self._block(rows) for rows in self._cut()]

    def rows(self) -> tuple[IntArray, IntArray, IntArray]:
        """Return clip, pair and count of every vote in order of arrival."""
        return self._join(self._parts)

    def as_matrix(
        self, classes: tuple[str, ...], modality: str | None
    ) -> tuple[VoteMatrix, IntArray, IntArray]:
        """Return the votes in force under sorted ids, and the number of each clip and annotator."""
        clip, pair, count = self.rows()
        annotator, label = np.divmod(pair, self.classes)
        clips, clip_order, clip_rank = _sort(self.clips, clip, count)
        annotators, annotator_order, annotator_rank = _sort(self.annotators, annotator, count)
        width = max(len(annotators), 1)
        cell = (clip_rank[clip] * width + annotator_rank[annotator]) * self.classes + label
        cells, position = np.unique(cell, return_inverse=True)
        sums = np.bincount(position, weights=count, minlength=len(cells)).astype(np.int64)
        cells, sums = cells[sums > 0], sums[sums > 0]
        person, label = np.divmod(cells, self.classes)
        clip, annotator = np.divmod(person, width)
        matrix = VoteMatrix(clips, annotators, classes, clip, annotator, label, sums, modality)
        return matrix, clip_order, annotator_order

    def pass_over(
        self, table: FloatArray, respond: Callable[[slice, FloatArray], FloatArray]
    ) -> FloatArray:
        """Sum over clips and then over pairs, in one pass over the votes.

        Args:
            table: (pairs, C).
            respond: Gets consecutive clips and the sum of the table's rows over the votes on each
                of them, (n, C), and returns as many rows.

        Returns:
            The rows that came back, summed over the clips of each pair, (pairs, C).
        """
        total = np.zeros((self.pairs, table.shape[1]))
        late = np.zeros((len(self._tail_rows), table.shape[1]))
        for block in self._blocks:
            values = respond(block.rows, block.per_clip(table))
            late[block.in_tail] = values[block.late]
            # Stored by clip, the transpose reads in order and scatters into few pairs.
            total[: block.base.shape[1]] += block.base.T @ values
        total += self._tail.T @ late
        return total

    def matrix_of(self, clips: IntArray) -> sparse.csr_array:
        """Return the counts of some clips, ascending, by pair, (len(clips), pairs)."""
        votes = self._base[clips[: np.searchsorted(clips, self._base.shape[0])]]
        votes.resize(len(clips), self.pairs)
        row = np.searchsorted(clips, self._tail_rows)
        known = row < len(clips)
        known[known] = clips[row[known]] == self._tail_rows[known]
        late = self._tail[known].tocoo()
        index = (row[known][late.row], late.col)
        return votes + sparse.csr_array((late.data, index), shape=votes.shape)

    def votes_of(self, pairs: IntArray) -> int:
        """Return how many distinct votes these pairs hold."""
        old = pairs[pairs < self._base.shape[1]]
        return int(np.diff(self._base_by_pair.indptr)[old].sum() + self._in_tail(pairs).sum())

    def clips_of(self, pairs: IntArray) -> IntArray:
        """Return the clips that any of these pairs voted on, ascending."""
        old = self._base_by_pair[pairs[pairs < self._base.shape[1]]].indices
        found = np.concatenate([old, self._tail_clip[self._in_tail(pairs)]])
        return np.asarray(np.unique(found), np.int64)

    def _in_tail(self, pairs: IntArray) -> npt.NDArray[np.bool_]:
        chosen = np.zeros(self.pairs, np.bool_)
        chosen[pairs] = True
        return chosen[self._tail_pair]

    def _cut(self) -> list[slice]:
        # Each block costs a table of all pairs.
        step = max(_BLOCK, self.pairs)
        known, clips = self._base.shape[0], len(self.clips)
        starts = [*range(0, known, step), *range(known, clips, step), clips]
        return [slice(*edges) for edges in pairwise(starts)]

    def _block(self, rows: slice) -> _Block:
        low, high = np.searchsorted(self._tail_rows, [rows.start, rows.stop])
        late = self._tail_rows[low:high] - rows.start
        return _Block(rows, self._slice_base(rows), slice(low, high), late, self._tail[low:high])

    def _slice_base(self, rows: slice) -> sparse.csr_array:
        """Return rows of the base without a copy of them."""
        width = self._base.shape[1]
        if rows.start >= self._base.shape[0]:
            return sparse.csr_array((rows.stop - rows.start, width))
        start = self._base.indptr[rows.start : rows.stop + 1]
        inner = slice(start[0], start[-1])
        parts = (self._base.data[inner], self._base.indices[inner], start - start[0])
        return sparse.csr_array(parts, shape=(rows.stop - rows.start, width))

    def _join(
        self, parts: list[tuple[IntArray, IntArray, IntArray]]
    ) -> tuple[IntArray, IntArray, IntArray]:
        nothing = np.zeros(0, np.int64)
        columns = zip((nothing, nothing, nothing), *parts, strict=True)
        clip, pair, count = (np.concatenate(column) for column in columns)
        return clip, pair, count

    def _arrange(
        self, row: IntArray, pair: IntArray, count: IntArray, rows: int
    ) -> sparse.csr_array:
        index = (row.astype(np.int32), pair.astype(np.int32))
        return sparse.csr_array((count.astype(np.float64), index), shape=(rows, self.pairs))


def _number(known: dict[str, int], names: Iterable[str]) -> IntArray:
    return np.array([known.setdefault(name, len(known)) for name in names], np.int64)


def _sort(
    known: dict[str, int], index: IntArray, count: IntArray
) -> tuple[tuple[str, ...], IntArray, IntArray]:
    """Return the ids that have votes, sorted, the number of each, and the rank of each number."""
    total = np.bincount(index, weights=count, minlength=len(known))
    names = sorted(name for name, number in known.items() if total[number] > 0)
    order = np.array([known[name] for name in names], np.int64)
    rank = np.zeros(len(known), np.int64)
    rank[order] = np.arange(len(order))
    return tuple(names), order, rank
