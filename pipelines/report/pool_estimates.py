"""What the pool of a campaign is like, as a section of its round's page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from annotation.estimates import PoolEstimate

_WORDS: Final = {
    "class_share": "Share of {}",
    "pair_disagreement": "Two people differ",
    "tied_votes": "Votes tie",
    "agreement_with_model": "People and model agree",
    "agreement_with_intended": "People say what was intended",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolShare:
    """One share of the pool, estimated in several ways.

    Args:
        title: what it is a share of, in words.
        naive: mean of all answers, as if clips had been drawn at random.
        corrected: the estimate that weighs answers by how their clips were chosen.
        low: lower end of its interval.
        high: upper end of that interval.
        random: estimate by clips drawn at random alone; NaN if undefined.
    """

    title: str
    naive: float
    corrected: float
    low: float
    high: float
    random: float

    @property
    def is_misled(self) -> bool:
        """True when the mean of all answers lies outside the corrected interval."""
        return not self.low <= self.naive <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSection:
    """Everything the section shows.

    Args:
        pool: clips that may be asked about.
        asked: distinct clips asked about so far.
        answered: those with an answer.
        shares: the estimates, none of them undefined.
        level: coverage of the intervals, in (0, 1).
    """

    pool: int
    asked: int
    answered: int
    shares: tuple[PoolShare, ...]
    level: float = 0.95


def list_shares(estimates: Sequence[PoolEstimate]) -> tuple[PoolShare, ...]:
    """Return the shares to show; those that nothing can correct are left out.

    Args:
        estimates: rows of `annotation.estimates.estimate_pool`.

    Returns:
        One share per quantity and label, in the order of the estimates.
    """
    by_key: dict[tuple[str, str], dict[str, PoolEstimate]] = {}
    for one in estimates:
        by_key.setdefault((one.quantity, one.label), {})[one.method] = one
    return tuple(
        PoolShare(
            title=_WORDS.get(quantity, quantity.replace("_", " ")).format(label),
            naive=ways["naive"].value,
            corrected=ways["corrected"].value,
            low=ways["corrected"].low,
            high=ways["corrected"].high,
            random=ways["random"].value,
        )
        for (quantity, label), ways in by_key.items()
        if not math.isnan(ways["corrected"].value)
    )
