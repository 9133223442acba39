"""What the next round asks, and why."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.report.content import AskedClip


@dataclass(frozen=True, slots=True, kw_only=True)
class NextRound:
    """The round that was asked after the one reported on.

    Args:
        number: its number.
        strategy: how clips were chosen, such as `worth`.
        open_votes: votes that are still missing.
        open_hours: time they will take, hours; NaN where no vote of the campaign was timed.
        asks: clips asked about, in the order to show them; their votes are not shown.
    """

    number: int
    strategy: str
    open_votes: int
    open_hours: float
    asks: tuple[AskedClip, ...]

    def count(self, arm: str) -> int:
        """Return how many clips one arm asks about."""
        return sum(clip.arm == arm for clip in self.asks)
