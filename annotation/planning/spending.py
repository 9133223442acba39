"""What votes cost: annotators' seconds, hours and money."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.stats import trim_mean

from annotation.aggregation.parameters import check_parameter
from annotation.columns import FloatArray
from annotation.planning.errors import PlanningError

_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Budget:
    """What can be spent.

    Attributes:
        votes: Votes that can be bought.
        seconds_per_vote: Of an annotator's time.
        hourly_rate: Money per annotator-hour; None leaves costs out.
    """

    votes: int
    seconds_per_vote: float
    hourly_rate: float | None = None

    def hours(self, votes: float) -> float:
        """Return the annotator-hours of some votes."""
        return votes * self.seconds_per_vote / _SECONDS

    def cost(self, votes: float) -> float:
        """Return the money that some votes cost; NaN without a rate."""
        return math.nan if self.hourly_rate is None else self.hours(votes) * self.hourly_rate


def seconds_per_vote(lead_times_s: npt.ArrayLike) -> float:
    """Return the mean time of a vote, without the twentieth at either end.

    Time is paid for by its mean, but a forgotten browser tab would carry a plain one away.

    Args:
        lead_times_s: Recorded times in seconds; unknown and impossible ones are left out, and
            those above an hour.

    Returns:
        Seconds; NaN where no time is known.

    Example:
        >>> seconds_per_vote([8.0, 10.0, 9.0, float("nan"), -1.0])
        9.0
    """
    times: FloatArray = np.asarray(lead_times_s, np.float64)
    usable = times[(times > 0) & (times <= _SECONDS)]
    return float(trim_mean(usable, 0.05)) if usable.size else math.nan


def make_budget(
    *,
    seconds_per_vote: float,
    votes: int | None = None,
    hours: float | None = None,
    money: float | None = None,
    hourly_rate: float | None = None,
) -> Budget:
    """Turn votes, hours or money into votes.

    Raises:
        PlanningError: Not exactly one of them is given, money without a rate, or one is not
            above 0.

    Example:
        >>> make_budget(seconds_per_vote=9, money=100, hourly_rate=25).votes
        1600
    """
    given = {"votes": votes, "hours": hours, "money": money}
    known = [name for name, value in given.items() if value is not None]
    if len(known) != 1:
        msg = f"a budget is one of votes, hours and money, but {known or 'none'} was given"
        raise PlanningError(msg)
    if money is not None and hourly_rate is None:
        msg = "a budget of money needs what an hour of an annotator costs; give `hourly_rate` too"
        raise PlanningError(msg)
    numbers = {**given, "hourly_rate": hourly_rate, "seconds_per_vote": seconds_per_vote}
    for name, value in numbers.items():
        if value is not None:
            check_parameter(name, value, 0 < value < math.inf, "above 0")
    if money is not None and hourly_rate is not None:
        hours = money / hourly_rate
    if hours is not None:
        # A sum of money that is a whole number of votes must not lose one to rounding.
        votes = int(hours * _SECONDS / seconds_per_vote + 1e-9)
    return Budget(votes or 0, seconds_per_vote, hourly_rate)
