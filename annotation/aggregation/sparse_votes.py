"""The sums over votes that every iterative aggregator is made of, each linear in the votes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from annotation.columns import FloatArray, IntArray
from annotation.votes import VoteMatrix

DECIMALS: Final = 11
"""Log odds against the leading class are rounded to this many decimals; see `normalise_log`."""

BLOCK: Final = 16_384
"""Clips that are normalised at a time, so that they stay in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class SparseVotes:
    """Votes as a sparse matrix between N clips and the P distinct (annotator, answer) pairs.

    Only pairs that occur are kept, so the size is 32 bytes a vote, whatever N, A and C are.

    Attributes:
        by_clip: Counts, (N, P).
        pair_annotator: Annotator of each pair, (P,), ascending.
        pair_label: Answer of each pair, (P,), ascending within an annotator.
        pair_votes: Votes of each pair, (P,) float64.
        first_pair: Where each annotator's pairs begin, (A,).
        cell: npt.NDArray[np.signedinteger[Any]]
        pair: Pair of each distinct vote, (V,).
        count: Count of each distinct vote, (V,) float64; None where all are 1.
        shape: (N, A, C).
    """

    by_clip: sparse.csr_array
    pair_annotator: IntArray
    pair_label: IntArray
    pair_votes: FloatArray
    first_pair: IntArray
    cell: npt.NDArray[np.int32] | IntArray
    pair: npt.NDArray[np.int32]
    count: FloatArray | None
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, votes: VoteMatrix) -> Self:
        """Arrange a vote matrix for summation; the sums' order follows the sorted ids."""
        clips, annotators, classes = votes.shape
        full = votes.annotator_index * classes + votes.label_index
        seen = np.bincount(full, weights=votes.count, minlength=annotators * classes)
        pairs = np.flatnonzero(seen)
        number = np.zeros(annotators * classes, np.int32)
        number[pairs] = np.arange(len(pairs), dtype=np.int32)
        pair, count = number[full], votes.count.astype(np.float64)
        start = np.zeros(clips + 1, np.int64)
        np.cumsum(np.bincount(votes.clip_index, minlength=clips), out=start[1:])
        by_clip = sparse.csr_array((count, pair, start), shape=(clips, len(pairs)))
        pair_annotator, pair_label = np.divmod(pairs, classes)
        wide = clips * classes > np.iinfo(np.int32).max
        cell = votes.clip_index * classes + votes.label_index
        return cls(
            by_clip=by_clip,
            pair_annotator=pair_annotator,
            pair_label=pair_label,
            pair_votes=seen[pairs].astype(np.float64),
            first_pair=np.searchsorted(pair_annotator, np.arange(annotators)),
            cell=cell if wide else cell.astype(np.int32),
            pair=pair,
            count=None if (count == 1).all() else count,
            shape=votes.shape,
        )

    def per_clip(self, table: FloatArray) -> FloatArray:
        """Sum rows of a (P, C) table over the votes on each clip, (N, C)."""
        return np.asarray(self.by_clip @ table)

    def per_pair(self, posterior: FloatArray) -> FloatArray:
        """Sum rows of the posterior (N, C) over the clips of each pair, (P, C)."""
        # Stored by clip, the transpose reads the posterior in order and scatters into few pairs.
        return np.asarray(self.by_clip.T @ posterior)

    def per_answer(self, weight: FloatArray) -> FloatArray:
        """Sum a weight per pair (P,) over each clip's votes for each class, (N, C)."""
        clips, _, classes = self.shape
        values = weight[self.pair]
        if self.count is not None:
            values *= self.count
        sums = np.bincount(self.cell, weights=values, minlength=clips * classes)
        # Without votes numpy counts in integers.
        return sums.astype(np.float64, copy=False).reshape(clips, classes)

    def hits(self, posterior: FloatArray) -> FloatArray:
        """Return the expected number of right votes of each pair, (P,)."""
        expected = posterior.reshape(-1)[self.cell]
        if self.count is not None:
            expected *= self.count
        sums = np.bincount(self.pair, weights=expected, minlength=len(self.pair_votes))
        return sums.astype(np.float64, copy=False)

    def per_annotator(self, values: FloatArray) -> FloatArray:
        """Sum values per pair, (P, …), over each annotator's pairs, (A, …)."""
        if not len(values):
            return np.zeros((self.shape[1], *values.shape[1:]))
        return np.asarray(np.add.reduceat(values, self.first_pair, axis=0))

    def per_label(self, values: FloatArray) -> FloatArray:
        """Sum a (P, C) table over annotators into (answer, truth), (C, C)."""
        classes = self.shape[2]
        sums = [
            np.bincount(self.pair_label, weights=column, minlength=classes) for column in values.T
        ]
        return np.stack(sums, axis=1)

    def expand(self, table: FloatArray) -> FloatArray:
        """Place a (P, C) table by (annotator, truth, answer), (A, C, C), zero where unseen."""
        _, annotators, classes = self.shape
        full = np.zeros((annotators, classes, classes))
        full[self.pair_annotator, :, self.pair_label] = table
        return full


def vote_shares(votes: SparseVotes) -> FloatArray:
    """Return each clip's share of votes per class, (N, C): where every method starts."""
    clips, _, classes = votes.shape
    given = np.bincount(votes.cell, weights=votes.count, minlength=clips * classes)
    # Without weights numpy counts in integers.
    counts = given.astype(np.float64, copy=False).reshape(clips, classes)
    return np.asarray(counts / sum_rows(counts)[:, None])


def normalise_log(log_joint: FloatArray) -> FloatArray:
    """Return the posteriors (N, C) of log joint probabilities (N, C).

    EM amplifies the last bit of a symmetric tie until it falls to one side, and that bit depends
    on the order of summation, so on annotators' names. Rounding the log odds keeps ties ties, and
    keeps the proportions of tiny posteriors, of which the confusion of a class nobody used is made.
    """
    posterior = np.empty_like(log_joint)
    for begin in range(0, len(log_joint), BLOCK):
        rows = slice(begin, begin + BLOCK)
        # Class by class: numpy's loops over a short last axis take three times as long.
        work = log_joint[rows].T.copy()
        work -= work.max(axis=0)
        np.round(work, DECIMALS, out=work)
        np.exp(work, out=work)
        work /= work.sum(axis=0)
        posterior[rows] = work.T
    return posterior


def sum_rows(values: FloatArray) -> FloatArray:
    """Return the sum of each row of (N, C) for small C, (N,)."""
    total = values[:, 0].copy()
    for column in values.T[1:]:
        total += column
    return total


def sum_columns(values: FloatArray) -> FloatArray:
    """Return the sum of each column of (N, C) for small C, (C,)."""
    return np.array([column.sum() for column in values.T])


def largest_change(left: FloatArray, right: FloatArray) -> float:
    """Return the largest absolute difference of two posteriors; 0 when there are no clips."""
    difference = left - right
    return max(float(difference.max(initial=0.0)), -float(difference.min(initial=0.0)))
