"""Choosing a round: the clips worth most, and a random control arm beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from annotation.columns import FloatArray, IntArray
from annotation.errors import SamplingError

Arm = Literal["active", "random", "audit"]


@dataclass(frozen=True, slots=True)
class Pick:
    """One clip chosen by one arm.

    Attributes:
        clip_id: The clip.
        arm: The arm that chose it.
        utility: Its utility, whichever arm chose it.
        reason: Why, in words.
        votes: Votes the clip is to have in all; None for as many as every clip gets.
    """

    clip_id: str
    arm: Arm
    utility: float
    reason: str
    votes: int | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """A round's choice.

    A clip that both arms chose has two picks and is one task: both arms may learn from its
    answer, but nobody is asked twice for it.

    Attributes:
        picks: The active arm by falling utility, then the random arm by clip id.
    """

    picks: tuple[Pick, ...]

    @property
    def active(self) -> tuple[str, ...]:
        """Return the clips of the active arm, by falling utility."""
        return tuple(pick.clip_id for pick in self.picks if pick.arm == "active")

    @property
    def random(self) -> tuple[str, ...]:
        """Return the clips of the random arm, by clip id."""
        return tuple(pick.clip_id for pick in self.picks if pick.arm == "random")

    @property
    def overlap(self) -> tuple[str, ...]:
        """Return the clips both arms chose, by clip id."""
        return tuple(sorted(set(self.active) & set(self.random)))

    @property
    def tasks(self) -> tuple[str, ...]:
        """Return the distinct clips to ask about, by clip id."""
        return tuple(sorted({pick.clip_id for pick in self.picks}))


def select_round(
    clip_ids: Sequence[str],
    utility: npt.ArrayLike,
    *,
    budget: int,
    random_share: float,
    rng: np.random.Generator,
    reasons: Sequence[str] | None = None,
) -> Selection:
    """Choose which clips to ask about: exactly min(budget, pool) distinct ones.

    The random arm is drawn first and uniformly from the *whole* pool, so it estimates the pool
    whatever the active arm does; it has round(share · min(budget, pool)) clips, halves upwards.
    The active arm is then the shortest prefix of the utility order that fills the budget: a clip
    the random arm already holds costs nothing, and the next one moves up. Equal utilities are
    ordered by `rng`. The pool is put in order of clip id first, so the order in which it is given
    does not matter.

    Args:
        clip_ids: The pool, distinct ids. An empty pool gives an empty selection: a campaign
            that has asked everything is finished, not broken.
        utility: One finite number per clip; higher = ask first.
        budget: Distinct clips to ask about, at least 0. Above the pool it takes everything.
        random_share: Share of the budget for the random arm, in [0, 1].
        rng: Source of the random arm and of the order of ties.
        reasons: One text per clip for picks of the active arm; None means `utility <value>`.

    Returns:
        The picks of both arms.

    Raises:
        SamplingError: Lengths differ, a clip is repeated, a utility is not finite, or `budget`
            or `random_share` is outside its range.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> chosen = select_round("abcd", [0.1, 0.9, 0.5, 0.2], budget=2, random_share=0, rng=rng)
        >>> chosen.active, chosen.random
        (('b', 'c'), ())
    """
    values = _check_pool(clip_ids, utility, reasons)
    _check_budget(budget, random_share)
    order = np.array(sorted(range(len(clip_ids)), key=clip_ids.__getitem__), dtype=np.int64)
    total = min(budget, len(clip_ids))
    n_random = int(np.floor(total * random_share + 0.5))
    control = np.sort(rng.choice(len(order), n_random, replace=False))
    ranking = _rank(values[order], rng)
    lead = _shortest_prefix(ranking, control, total)
    texts = reasons or [f"utility {value:.3g}" for value in values]
    active = [Pick(clip_ids[i], "active", float(values[i]), texts[i]) for i in order[lead]]
    why = f"drawn at random, {n_random} of {len(order)}"
    random = [Pick(clip_ids[i], "random", float(values[i]), why) for i in order[control]]
    return Selection((*active, *random))


def _rank(utility: FloatArray, rng: np.random.Generator) -> IntArray:
    """Return positions by falling utility, ties in the order `rng` gives them."""
    return np.asarray(np.lexsort((rng.permutation(len(utility)), -utility)))


def _shortest_prefix(ranking: IntArray, control: IntArray, total: int) -> IntArray:
    wanted = total - len(control)
    if wanted == 0:
        return ranking[:0]
    costs = np.cumsum(~np.isin(ranking, control))
    return ranking[: int(np.searchsorted(costs, wanted)) + 1]


def _check_pool(
    clip_ids: Sequence[str], utility: npt.ArrayLike, reasons: Sequence[str] | None
) -> FloatArray:
    values = np.asarray(utility, dtype=np.float64)
    texts = len(clip_ids) if reasons is None else len(reasons)
    if values.shape != (len(clip_ids),) or texts != len(clip_ids):
        msg = (
            f"`utility` and `reasons` must have one entry per clip ({len(clip_ids)}), but have "
            f"shape {values.shape} and length {texts}"
        )
        raise SamplingError(msg)
    if len(set(clip_ids)) != len(clip_ids):
        twice = Counter(clip_ids).most_common(1)[0][0]
        msg = f"`clip_ids` must be distinct, but has `{twice}` more than once; pass each clip once"
        raise SamplingError(msg)
    if not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values)))
        msg = f"`utility` of clip `{clip_ids[row]}` must be finite, but is {values[row]}"
        raise SamplingError(msg)
    return values


def _check_budget(budget: int, random_share: float) -> None:
    if budget < 0:
        msg = f"`budget` must be at least 0 clips, but got {budget}"
        raise SamplingError(msg)
    if not 0 <= random_share <= 1:
        msg = f"`random_share` must be within [0, 1], but got {random_share}"
        raise SamplingError(msg)
