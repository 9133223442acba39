"""A batch with enough of every group, and no more listening than annotators have time for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from annotation.columns import FloatArray, IntArray, encode
from annotation.errors import SamplingError
from annotation.sampling.batches.protocol import BatchSelector, Candidates, check_size
from annotation.sampling.utilities.checks import check_amounts

SECOND_TOLERANCE: Final = 1e-6
"""How far a sum of seconds may pass its limit: roundings of the sum, far below any clip."""


@dataclass(frozen=True, eq=False, slots=True)
class Quota:
    """At least so many clips of every group.

    Attributes:
        name: What groups the clips, such as `speaker`.
        values: Group of each of N clips, (N,) text or integers; null, or None, for a clip of no
            group.
        at_least: Clips wanted of each group, at least 1.
    """

    name: str
    values: pa.Array | npt.ArrayLike
    at_least: int


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A group with fewer clips in the batch than wanted.

    Attributes:
        quota: Name of the quota.
        value: The group.
        got: Its clips in the batch.
        wanted: Clips wanted.
    """

    quota: str
    value: str | int
    got: int
    wanted: int


@dataclass(frozen=True, eq=False, slots=True)
class Batch:
    """Clips chosen under quotas.

    Attributes:
        positions: At most K distinct positions in the order of choice; fewer only where the pool
            or the seconds left no more.
        shortfalls: Groups with fewer clips than wanted, in the order of the quotas, then by value.
        seconds: Listening to the batch; None where nothing says how long its clips take.
    """

    positions: IntArray
    shortfalls: tuple[Shortfall, ...]
    seconds: float | None


def choose_batch(
    candidates: Candidates,
    size: int,
    selector: BatchSelector,
    rng: np.random.Generator,
    *,
    quotas: Sequence[Quota] = (),
    seconds: float | None = None,
    listening_s: npt.ArrayLike | None = None,
) -> Batch:
    """Choose a batch by any selector, under quotas of groups and a limit of listening.

    Quotas come first, the group with the fewest clips in the pool before others: within a group
    that is still short, clips are taken in the order in which `selector` chooses among its clips,
    and a clip counts for every group it is in. While less room is left than is owed to all groups
    together, clips that serve the most short groups come before others. The rest of the batch is
    chosen among all clips. A selector is told of the clips chosen before as asked about.

    A clip that would take more seconds than are left is passed over, and the next taken. What
    cannot be met is reported, not refused. The order of the pool does not matter beyond what it
    means to the selector.

    Args:
        candidates: N clips.
        size: K, clips to choose, at least 0.
        selector: Chooses among clips.
        rng: Passed to the selector.
        quotas: At least so many clips of every group, as far as there are any.
        seconds: Listening in the batch at most, of one annotator or of all as the caller counts;
            None for no limit.
        listening_s: Seconds that each clip takes, (N,), such as its duration or an expected lead
            time.

    Returns:
        The batch, and what is missing.

    Raises:
        SamplingError: A quota asks for more clips than the batch has, or for less than one of each
            group, has not one value per clip, or shares its name with another; `size` or a number
            of seconds is negative or not finite, or `seconds` comes without `listening_s`.

    Example:
        >>> pool = Candidates.checked([0.9, 0.8, 0.7], np.full((3, 2), 0.5), np.zeros((3, 1)))
        >>> from annotation.sampling.batches import top
        >>> speakers = Quota("speaker", ["a", "a", "b"], at_least=1)
        >>> chosen = choose_batch(pool, 2, top, np.random.default_rng(0), quotas=[speakers])
        >>> chosen.positions.tolist(), chosen.shortfalls
        ([2, 0], ())
    """
    check_size(size)
    listening: FloatArray = np.zeros(len(candidates))
    if listening_s is not None:
        listening = _check_listening(listening_s, len(candidates))
    draft = _Draft(
        candidates=candidates,
        selector=selector,
        rng=rng,
        size=min(size, len(candidates)),
        groups=_Groups.of(quotas, len(candidates), size),
        listening=listening,
        left=_check_limit(seconds, is_known=listening_s is not None),
    )
    for group in draft.groups.scarce_first():
        draft.fill(int(group))
    draft.complete()
    positions = np.array(draft.chosen, np.int64)
    return Batch(
        positions,
        tuple(draft.groups.shortfalls(positions)),
        None if listening_s is None else float(listening[positions].sum()),
    )


@dataclass
class _Groups:
    """The G groups of all quotas; a clip has one of each quota, or the group G that is none.

    Attributes:
        quotas: Q quotas.
        values: What each group is called, by quota.
        of_clips: Groups of each clip, (Q, N).
        first: The first group of each quota, (Q,).
        counts: Clips of each group in the pool, (G,).
        owed: Clips still to choose of each group, as far as there are any, (G + 1,).
    """

    quotas: Sequence[Quota]
    values: list[tuple[str | int, ...]]
    of_clips: IntArray
    first: IntArray
    counts: IntArray
    owed: IntArray

    @classmethod
    def of(cls, quotas: Sequence[Quota], clips: int, size: int) -> Self:
        """Return the groups of a pool, or refuse quotas that no batch of this size can meet."""
        names = [quota.name for quota in quotas]
        if len(set(names)) != len(names):
            msg = f"`quotas` must have distinct names, but are {names}"
            raise SamplingError(msg)
        encoded = [_encode(quota, clips) for quota in quotas]
        first = np.cumsum([0, *(len(values) for values, _ in encoded)])
        groups = int(first[-1])
        of_clips = np.full((len(quotas), clips), groups, np.int64)
        for row, (_, codes), start in zip(of_clips, encoded, first, strict=False):
            row[codes >= 0] = codes[codes >= 0] + start
        counts = np.bincount(of_clips.ravel(), minlength=groups + 1)[:groups]
        wanted = np.repeat([quota.at_least for quota in quotas], np.diff(first)).astype(np.int64)
        owed = np.append(np.minimum(counts, wanted), 0)
        _check_demand(quotas, [owed[a:b] for a, b in pairwise(first)], size)
        return cls(quotas, [values for values, _ in encoded], of_clips, first[:-1], counts, owed)

    def scarce_first(self) -> IntArray:
        """Return the groups by rising number of clips, then by quota and value."""
        return np.argsort(self.counts, kind="stable")

    def members(self, group: int) -> IntArray:
        """Return the clips of a group."""
        quota = int(np.searchsorted(self.first, group, side="right")) - 1
        order, starts = self._by_group[quota]
        return order[starts[group - self.first[quota]] : starts[group - self.first[quota] + 1]]

    @cached_property
    def _by_group(self) -> list[tuple[IntArray, IntArray]]:
        """Return of each quota the clips in the order of its groups, and where each begins."""
        orders = [np.argsort(row, kind="stable") for row in self.of_clips]
        return [
            (order, np.searchsorted(row[order], np.arange(start, start + len(values) + 1)))
            for order, row, start, values in zip(
                orders, self.of_clips, self.first, self.values, strict=True
            )
        ]

    def served(self, positions: IntArray | int) -> IntArray:
        """Return in how many groups that are still short each clip is."""
        return np.asarray((self.owed[self.of_clips[:, positions]] > 0).sum(axis=0))

    def credit(self, position: int) -> None:
        """Count a clip for its groups."""
        mine = self.of_clips[:, position]
        self.owed[mine] = np.maximum(self.owed[mine] - 1, 0)

    def shortfalls(self, positions: IntArray) -> Iterator[Shortfall]:
        """Yield the groups of which a batch has fewer clips than wanted."""
        got = np.bincount(self.of_clips[:, positions].ravel(), minlength=len(self.owed))
        for quota, values, start in zip(self.quotas, self.values, self.first, strict=True):
            for number in np.flatnonzero(got[start : start + len(values)] < quota.at_least):
                count = int(got[start + number])
                yield Shortfall(quota.name, values[number], count, quota.at_least)


@dataclass
class _Draft:
    """A batch on its way.

    Attributes:
        candidates: N clips.
        selector: Chooses among some of them.
        rng: Of the selector.
        size: Clips to choose.
        groups: What is owed to whom.
        listening: Seconds of each clip, (N,).
        left: Seconds that are left.
        chosen: Positions so far.
        is_free: Whether each clip is not chosen yet, (N,).
    """

    candidates: Candidates
    selector: BatchSelector
    rng: np.random.Generator
    size: int
    groups: _Groups
    listening: FloatArray
    left: float
    chosen: list[int] = field(default_factory=list)
    is_free: npt.NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        """Start with every clip free."""
        self.is_free = np.ones(len(self.candidates), dtype=bool)

    @property
    def room(self) -> int:
        """Return how many clips may still be chosen."""
        return self.size - len(self.chosen)

    def fill(self, group: int) -> None:
        """Choose what is owed to a group, as far as its clips go."""
        owed = self.groups.owed
        while owed[group] and self.room:
            pool = self._open(self.groups.members(group))
            if not len(pool):
                break
            least = 1
            if owed.sum() > self.room:
                served = self.groups.served(pool)
                least = int(served.max())
                pool = pool[served == least]
            self._take(pool, min(int(owed[group]), self.room), least)
        # What cannot be had must not make the room look scarce for others.
        owed[group] = 0

    def complete(self) -> None:
        """Choose the rest among all clips."""
        everything = np.arange(len(self.candidates))
        while self.room:
            pool = self._open(everything)
            if not len(pool):
                break
            self._take(pool, self.room, 0)

    def _open(self, positions: IntArray) -> IntArray:
        """Return the clips that are free and fit into what is left."""
        fits = self.listening[positions] <= self.left + SECOND_TOLERANCE
        return positions[self.is_free[positions] & fits]

    def _take(self, pool: IntArray, count: int, least: int) -> None:
        """Take what the selector chooses, but clips too long or of fewer than `least` groups."""
        part = self.candidates
        if self.chosen or len(pool) < len(part):
            known = np.concatenate([part.known, part.embeddings[self.chosen]])
            part = replace(part.take(pool), known=known)
        for position in pool[self.selector(part, count, self.rng)].tolist():
            fits = self.listening[position] <= self.left + SECOND_TOLERANCE
            if fits and self.groups.served(position) >= least:
                self.chosen.append(position)
                self.is_free[position] = False
                self.left -= float(self.listening[position])
                self.groups.credit(position)


def _encode(quota: Quota, clips: int) -> tuple[tuple[str | int, ...], IntArray]:
    """Return the values of a quota in ascending order, and each clip's among them, −1 for none."""
    if quota.at_least < 1:
        msg = f"`at_least` of quota `{quota.name}` must be at least 1, but is {quota.at_least}"
        raise SamplingError(msg)
    try:
        column = pa.chunked_array([pa.array(quota.values)])
    except pa.ArrowException as error:
        msg = f"`values` of quota `{quota.name}` must be all text or all integers: {error}"
        raise SamplingError(msg) from error
    if len(column) != clips:
        msg = (
            f"`values` of quota `{quota.name}` must have one entry per clip ({clips}), but has "
            f"{len(column)}"
        )
        raise SamplingError(msg)
    codes = np.full(clips, -1, np.int64)
    if column.null_count == clips:
        return (), codes
    values, ranks = encode(column.drop_null())
    codes[column.is_valid().to_numpy()] = ranks
    return values, codes


def _check_demand(quotas: Sequence[Quota], owed: Sequence[IntArray], size: int) -> None:
    excess = [
        f"`{quota.name}` for {quota.at_least} of each of {len(part)} values, {part.sum()} clips"
        for quota, part in zip(quotas, owed, strict=True)
        if part.sum() > size
    ]
    if excess:
        msg = (
            f"`quotas` must ask for no more than the batch of {size} clips, but ask "
            f"{' and '.join(excess)}; lower `at_least` or choose a larger batch"
        )
        raise SamplingError(msg)


def _check_listening(listening_s: npt.ArrayLike, clips: int) -> FloatArray:
    values = check_amounts(listening_s, name="listening_s")
    if len(values) != clips:
        msg = f"`listening_s` must have one number per clip ({clips}), but has {len(values)}"
        raise SamplingError(msg)
    return values


def _check_limit(seconds: float | None, *, is_known: bool) -> float:
    if seconds is None:
        return np.inf
    if not is_known:
        msg = f"`seconds` is {seconds}, but nothing says how long a clip takes; pass `listening_s`"
        raise SamplingError(msg)
    if not 0 <= seconds < np.inf:
        msg = f"`seconds` must be finite and at least 0, or None, but is {seconds}"
        raise SamplingError(msg)
    return float(seconds)
