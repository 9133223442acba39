"""What the labels of a campaign cost in people's time, and the models in training."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What was spent, in this round and so far.

    Args:
        votes: votes that labels stand on so far.
        round_votes: those of them that this round added.
        seconds_per_vote: mean time of a vote without extremes, s; NaN where no time is known.
        timed: share of the votes whose time is known, in [0, 1].
        epochs: epochs of this round's trainings together.
        training_s: seconds they took at most; NaN where the moments are not known any more.
    """

    votes: int
    round_votes: int
    seconds_per_vote: float
    timed: float
    epochs: int
    training_s: float

    @property
    def hours(self) -> float:
        """Time of people so far, hours; NaN where unknown."""
        return self.votes * self.seconds_per_vote / 3600

    @property
    def round_hours(self) -> float:
        """Time of people in this round, hours."""
        return self.round_votes * self.seconds_per_vote / 3600

    @property
    def is_training_timed(self) -> bool:
        """True when it is known how long trainings took at most."""
        return not math.isnan(self.training_s)

    @property
    def is_timed(self) -> bool:
        """True when the time of any vote is known."""
        return not math.isnan(self.seconds_per_vote)
