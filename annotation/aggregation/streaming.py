"""Streaming Dawid-Skene: new votes move only the clips and annotators they have a bearing on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from annotation.aggregation.anderson import Anderson, is_near
from annotation.aggregation.dawid_skene import FLOOR, log_prevalence, pool
from annotation.aggregation.growing_votes import GrowingVotes
from annotation.aggregation.parameters import check_iteration, check_parameter
from annotation.aggregation.result import TIE_WIDTH, Consensus, conclude
from annotation.aggregation.sparse_votes import largest_change, normalise_log, sum_columns
from annotation.columns import FloatArray, IntArray
from annotation.errors import VoteError
from annotation.votes import VoteMatrix, build_vote_matrix

_MOST: Final = 0.2
"""Share of clips or votes from which on a pass over all is cheaper than picking rows."""

_COLD: Final = 1e-4
_WARM: Final = 1e-1
"""Movement below which EM is taken to be linear, from the vote shares and from a solution."""

_LEAP: Final = 10.0
"""How much longer the leap may be with which acceleration begins."""

_MIXED: Final = 60
"""Steps that are accelerated; plain EM, which always climbs, finishes what is not linear."""

_REFIT_AT: Final = 0.1
"""Growth since the last fit from the vote shares at which another one is due."""


@dataclass(frozen=True, slots=True)
class StreamUpdate:
    """What one batch of votes did.

    Attributes:
        votes: Votes that were new.
        retracted: Votes that were taken back.
        ignored: New rows whose `vote_id` was known already, and retracted ones it was not.
        clips: Clips whose posterior was computed again at least once.
        rounds: Rounds of propagation.
        converged: Whether what was left to propagate fell below the tolerance.
        change: Largest movement of a posterior entry in the last round.
    """

    votes: int
    retracted: int
    ignored: int
    clips: int
    rounds: int
    converged: bool
    change: float


class Flip(NamedTuple):
    """A clip whose label changed; None for no label."""

    clip_id: str
    before: str | None
    after: str | None


class StreamingDawidSkene:
    """Keeps the fixed point of `DawidSkene` up to date as votes arrive.

    Every vote moves everything a little: its clip, hence its voters' confusions, hence their
    other clips. So "only what changes" needs a threshold. The state is the posterior, the sums of
    posteriors behind each confusion, and the confusions the clips have last seen. A batch is put
    in, and then, until nothing is left: clips whose voters' log confusions moved by more than
    `tolerance` are looked at again, and those whose posterior moves by more are handed on to
    their voters. Smaller movements are not lost; they stay in the sums and travel on when they
    add up. Once a fifth of the votes is due, EM steps over all of them finish the batch: from a
    good start and accelerated (Anderson), so few are needed.

    The result is a fixed point of EM, and the one a full refit finds whenever both climb the same
    hill. Where annotators have few votes a class there are several, and some clips of a warm
    start end elsewhere than those of a refit; neither is then better founded. So a stream of
    fewer than `refit_below` votes, where a refit takes a moment, starts every batch from the vote
    shares, and a longer one whenever it has grown by a tenth. Measured with corrections and
    retractions, smoothing as here: started again, `dog`, `face_sentiment` and simulated crowds of
    50 votes a head are within 3e-4 of the refit; never started again, `dog` and simulated crowds
    of some hundred votes a head are within 5e-4, while `face_sentiment` (27 annotators) ended
    elsewhere in four of six trials: 13 to 33 % of its clips are then off by more than 1e-3 and
    0.5 to 3.6 % have another label, with an accuracy that is higher as often as lower.

    A vote is known by its `vote_id`, as in the ledger: giving a row again changes nothing.

    Args:
        classes: The C class names.
        smoothing: As in `DawidSkene`, but above 0: a newcomer starts as an average person. The
            default is larger, because with a tenth of a pseudo-vote EM has several fixed points
            even at 500 votes an annotator, and contracts half as fast.
        tolerance: Threshold of movement, and of the estimated distance to the fixed point at
            which EM steps end; above 0.
        refit_below: Number of votes up to which every batch starts from the vote shares; 0 keeps
            even a short stream warm.
        max_rounds: Bound on rounds per batch, at least 1.

    Raises:
        AnnotationError: A parameter is outside its range.

    Example:
        >>> from annotation.testing import make_votes
        >>> drawn = make_votes(["calm", "joy"], clips=60, annotators=5, seed=1)
        >>> stream = StreamingDawidSkene(drawn.classes)
        >>> stream.update(drawn.table.slice(0, 290)).votes, stream.update(drawn.table).votes
        (290, 10)
        >>> len(stream.consensus().items), stream.posterior_of(["testing/000000"]).shape
        (60, (1, 2))
    """

    def __init__(
        self,
        classes: Sequence[str],
        *,
        smoothing: float = 1.0,
        tolerance: float = 3e-4,
        refit_below: int = 50_000,
        max_rounds: int = 2000,
    ) -> None:
        check_parameter("smoothing", smoothing, smoothing > 0, "above 0")
        check_parameter("tolerance", tolerance, tolerance > 0, "above 0")
        check_iteration(tolerance, max_rounds)
        self._classes = tuple(classes)
        self._refit_below = refit_below
        self._tolerance, self._max_rounds = tolerance, max_rounds
        self.smoothing = smoothing
        self._votes = GrowingVotes(len(self._classes))
        self._seen: set[str] = set()
        self._modality: str | None = None
        size = len(self._classes)
        self._growth = 0
        self._counts: FloatArray = np.zeros((0, size))
        self._posterior: FloatArray = np.zeros((0, size))
        self._weights: FloatArray = np.zeros((0, size))
        self._log_confusion: FloatArray = np.zeros((0, size))
        self._log_prior: FloatArray = np.full(size, -np.log(size))
        self._told: IntArray = np.zeros(0, np.int64)
        self._last = StreamUpdate(0, 0, 0, 0, 0, converged=True, change=0.0)

    def update(self, votes: pa.Table, *, retracted: pa.Table | None = None) -> StreamUpdate:
        """Take in new votes, and take back retracted ones.

        Args:
            votes: Columns as for `build_vote_matrix`, and `vote_id`.
            retracted: Votes taken in before that no longer hold, same columns; rows whose
                `vote_id` is unknown are ignored.

        Returns:
            What was touched and whether it settled.

        Raises:
            VoteError: As `build_vote_matrix`, or another modality than before.
        """
        fresh = self._select(votes, is_known=False)
        changes = [(self._read(fresh), 1)]
        ignored = votes.num_rows - fresh.num_rows
        if retracted is not None:
            back = self._select(retracted, is_known=True)
            changes.append((self._read(back), -1))
            ignored += retracted.num_rows - back.num_rows
            self._seen.difference_update(back["vote_id"].to_pylist())
        self._seen.update(fresh["vote_id"].to_pylist())
        due = np.unique(np.concatenate([self._put_in(matrix, sign) for matrix, sign in changes]))
        taken = [int(matrix.count.sum()) for matrix, _ in changes]
        self._growth += sum(taken)
        size = self._counts.sum()
        if sum(taken) and (size < self._refit_below or self._growth > _REFIT_AT * size):
            due = self._start_again()
        clips, rounds, converged, change = self._settle(due)
        self._last = StreamUpdate(
            taken[0], sum(taken[1:]), ignored, clips, rounds, converged=converged, change=change
        )
        return self._last

    def posterior_of(self, clip_ids: Sequence[str]) -> FloatArray:
        """Return the posterior of some clips, (len(clip_ids), C).

        Raises:
            VoteError: A clip has no votes.
        """
        unknown = [name for name in clip_ids if name not in self._votes.clips]
        if unknown:
            msg = f"clip `{unknown[0]}` has no votes in the stream; give it some by `update`"
            raise VoteError(msg)
        rows = [self._votes.clips[name] for name in clip_ids]
        return np.asarray(self._posterior[rows])

    def flips(self) -> list[Flip]:
        """Return the clips whose label is another than at the last call; new ones had none.

        A clip whose leading classes tie, or that has no votes left, has no label.
        """
        columns = np.ascontiguousarray(self._posterior.T)
        leads = columns >= columns.max(axis=0, initial=0.0) - TIE_WIDTH
        labels = leads.argmax(axis=0)
        labels[(leads.sum(axis=0) > 1) | (self._counts.sum(axis=1) == 0)] = -1
        before, self._told = self._told, labels
        changed = np.flatnonzero(before != labels[: len(before)])
        if not len(changed):
            return []
        names, classes = list(self._votes.clips), (*self._classes, None)
        return [Flip(names[at], classes[before[at]], classes[labels[at]]) for at in changed]

    def vote_ids(self) -> list[str]:
        """Return the ids of the votes in force, sorted."""
        return sorted(self._seen)

    def votes(self) -> VoteMatrix:
        """Return the votes in force, as `build_vote_matrix` would."""
        return self._votes.as_matrix(self._classes, self._modality)[0]

    def consensus(self) -> Consensus:
        """Return the result on every clip with votes, as `DawidSkene.aggregate` would."""
        votes, clip_order, annotator_order = self._votes.as_matrix(self._classes, self._modality)
        size = len(self._classes)
        weights = self._weights.reshape(-1, size, size)[annotator_order].transpose(0, 2, 1)
        full = weights + self.smoothing * self._pool().T
        full /= full.sum(axis=2, keepdims=True)
        posterior = self._posterior[clip_order]
        return conclude(
            votes,
            posterior,
            skill=np.einsum("t,att->a", np.exp(log_prevalence(posterior)), full),
            confusion=full,
            iterations=self._last.rounds,
            converged=self._last.converged,
            change=self._last.change,
        )

    def _select(self, votes: pa.Table, *, is_known: bool) -> pa.Table:
        """Return the first row of each vote id that is, or is not, known."""
        if "vote_id" not in votes.column_names:
            msg = f"`votes` lacks ['vote_id'], but has {votes.column_names}; pass ledger rows"
            raise VoteError(msg)
        taken: set[str] = set()
        keep = []
        for name in votes["vote_id"].to_pylist():
            keep.append((name in self._seen) == is_known and name not in taken)
            taken.add(name)
        return votes.filter(pa.array(keep, pa.bool_()))

    def _read(self, votes: pa.Table) -> VoteMatrix:
        matrix = build_vote_matrix(votes, self._classes)
        if None not in (matrix.modality, self._modality) and matrix.modality != self._modality:
            msg = (
                f"`votes` are on `{matrix.modality}`, but the stream holds `{self._modality}`: "
                "what is heard and what is seen are different judgements; keep one stream each"
            )
            raise VoteError(msg)
        self._modality = self._modality or matrix.modality
        return matrix

    def _put_in(self, matrix: VoteMatrix, sign: int) -> IntArray:
        """Enter votes into the sums at the present posterior and return their clips."""
        clip, pair = self._votes.number(matrix)
        count = sign * matrix.count
        if not len(clip):
            return clip
        self._votes.add(clip, pair, count)
        known_clips, known_pairs = self._posterior.shape[0], self._weights.shape[0]
        pairs = self._votes.pairs
        self._weights = _grow(self._weights, pairs)
        self._log_confusion = _grow(self._log_confusion, pairs)
        self._posterior = _grow(self._posterior, len(self._votes.clips))
        self._counts = _grow(self._counts, len(self._votes.clips))
        np.add.at(self._counts, (clip, matrix.label_index), count)
        self._posterior[known_clips:] = _shares(self._counts[known_clips:])
        np.add.at(self._weights, pair, count[:, None] * self._posterior[clip])
        # A newcomer is first seen as an average person.
        answers = np.arange(known_pairs, pairs) % len(self._classes)
        self._log_confusion[known_pairs:] = np.log(self._pool())[answers]
        return np.unique(clip)

    def _start_again(self) -> IntArray:
        """Go back to the vote shares, as a fit of everything would."""
        self._growth = 0
        self._posterior = _shares(self._counts)
        clips = np.arange(len(self._posterior))
        self._weights = self._votes.matrix_of(clips).T @ self._posterior
        self._log_prior, self._log_confusion = log_prevalence(self._posterior), self._estimate()
        return clips

    def _settle(self, due: IntArray) -> tuple[int, int, bool, float]:
        """Propagate; return clips touched, rounds, whether nothing is left, and last movement."""
        touched, rounds, change = np.zeros(len(self._posterior), np.bool_), 0, 0.0
        updated = self._expect(due)
        while len(due) and rounds < self._max_rounds:
            rounds += 1
            if len(due) > _MOST * len(touched):
                touched[:] = True
                is_cold = not self._growth
                steps, change, is_done = self._sweep(_COLD if is_cold else _WARM)
                rounds += steps
                due = due[: 0 if is_done else None]
                break
            touched[due] = True
            change = self._hand_on(due, updated)
            due, updated = self._find_due()
        return int(touched.sum()), rounds, not len(due), change

    def _expect(self, clips: IntArray) -> FloatArray:
        return normalise_log(self._votes.matrix_of(clips) @ self._log_confusion + self._log_prior)

    def _sweep(self, linear: float) -> tuple[int, float, bool]:
        """Take EM steps over all votes, accelerated while they are small."""
        size, mixer, step, mixed = len(self._classes), Anderson(), 0, 0
        changes = [np.inf]
        point = np.append(sum_columns(self._posterior), self._weights)
        while not is_near(changes, self._tolerance) and step < self._max_rounds:
            self._log_prior = np.log(np.maximum(point[:size] / point[:size].sum(), FLOOR))
            self._weights = point[size:].reshape(-1, size)
            self._log_confusion = self._estimate()
            changes.append(self._take_step())
            image = np.append(sum_columns(self._posterior), self._weights)
            if changes[-1] < linear * (_LEAP if mixed else 1) and mixed < _MIXED:
                # A count of n votes is known to about √n of them.
                point = np.maximum(mixer.mix(point, image, 1 / np.sqrt(image + 1)), 0)
                mixed += 1
            else:
                mixer, point = Anderson(), image
            step += 1
        return step, changes[-1], is_near(changes, self._tolerance)

    def _take_step(self) -> float:
        """Compute every posterior and its sums; return the largest movement."""
        changes = [0.0]

        def respond(rows: slice, log_joint: FloatArray) -> FloatArray:
            # Class by class: numpy's loops over a short last axis take twice as long.
            for label, value in enumerate(self._log_prior):
                log_joint[:, label] += value
            updated = normalise_log(log_joint)
            changes.append(largest_change(updated, self._posterior[rows]))
            self._posterior[rows] = updated
            return updated

        self._weights = self._votes.pass_over(self._log_confusion, respond)
        return max(changes)

    def _hand_on(self, due: IntArray, updated: FloatArray) -> float:
        """Let the voters of some clips know their new posteriors."""
        movement = updated - self._posterior[due]
        self._posterior[due] = updated
        self._weights += self._votes.matrix_of(due).T @ movement
        return float(np.abs(movement).max(initial=0.0))

    def _find_due(self) -> tuple[IntArray, FloatArray]:
        """Let clips see the confusions that moved; return those that follow, and to where."""
        estimate = self._estimate()
        movement = estimate - self._log_confusion
        pairs = np.flatnonzero(_largest_by_row(movement) > self._tolerance)
        log_prior = log_prevalence(self._posterior)
        is_shifted = np.abs(log_prior - self._log_prior).max() > self._tolerance
        if is_shifted or self._votes.votes_of(pairs) > _MOST * self._votes.size:
            return np.arange(len(self._posterior)), self._posterior
        clips = self._votes.clips_of(pairs)
        self._log_confusion[pairs] = estimate[pairs]
        updated = self._expect(clips)
        moves = _largest_by_row(updated - self._posterior[clips]) > self._tolerance
        return clips[moves], updated[moves]

    def _estimate(self) -> FloatArray:
        """Return log P(answer | truth) of every pair, (A · C, C)."""
        size = len(self._classes)
        by_annotator = self._weights.reshape(-1, size, size)
        total = by_annotator.sum(axis=1, keepdims=True) + self.smoothing
        estimate = np.maximum(by_annotator + self.smoothing * self._pool(), FLOOR) / total
        return np.asarray(np.log(estimate).reshape(-1, size))

    def _pool(self) -> FloatArray:
        size = len(self._classes)
        return pool(self._weights.reshape(-1, size, size).sum(axis=0))


def _shares(counts: FloatArray) -> FloatArray:
    """Return vote shares, even where every vote was retracted, (N, C)."""
    total = counts.sum(axis=1, keepdims=True)
    even = np.full_like(counts, 1 / counts.shape[1])
    return np.asarray(np.divide(counts, total, out=even, where=total > 0))


def _largest_by_row(values: FloatArray) -> FloatArray:
    largest = np.abs(values[:, 0])
    for column in values.T[1:]:
        np.maximum(largest, np.abs(column), out=largest)
    return np.asarray(largest)


def _grow(values: FloatArray, rows: int) -> FloatArray:
    if rows == len(values):
        return values
    return np.concatenate([values, np.zeros((rows - len(values), values.shape[1]))])
