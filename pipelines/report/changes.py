"""What is different from the round before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipelines.report.content import Arm, PairedDifference

Progress = Literal["better", "worse", "unclear", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFlip:
    """A clip whose label is another one now.

    Args:
        clip_id: the clip.
        before: its label after the round before; None = tie.
        after: its label now; None = tie.
        votes_before: votes the former stood on.
        votes_after: votes the present one stands on.
    """

    clip_id: str
    before: str | None
    after: str | None
    votes_before: int
    votes_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreChange:
    """UAR of one arm in both rounds.

    Args:
        arm: the arm.
        before: UAR after the round before, in [0, 1]; NaN if undefined.
        after: UAR now.
        difference: after minus before on the same resampled test speakers; None where both are
            one model, or were not judged on the same clips.
    """

    arm: Arm
    before: float
    after: float
    difference: PairedDifference | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChange:
    """A setting that this round's model was trained with, and the one before it was not.

    Args:
        name: its dotted name.
        before: its value then, as text.
        after: its value now.
    """

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Everything that the section shows.

    Args:
        since: number of the round before.
        votes: votes that labels of either arm stand on, then and now.
        clips: labelled clips of either arm, then and now.
        kept: clips that had a label, or a tie, both times.
        flips: those whose label changed, by clip.
        scores: UAR of each arm that has a model in both rounds.
        champions: what the champion is called, then and now, such as `round 2`; None for none.
        settings: what was set otherwise, by name.
    """

    since: int
    votes: tuple[int, int]
    clips: tuple[int, int]
    kept: int
    flips: tuple[LabelFlip, ...]
    scores: tuple[ScoreChange, ...]
    champions: tuple[str | None, str | None] = (None, None)
    settings: tuple[SettingChange, ...] = ()

    @property
    def of_active(self) -> ScoreChange | None:
        """What became of the active arm."""
        return next((score for score in self.scores if score.arm == "active"), None)

    @property
    def progress(self) -> Progress:
        """Whether the active arm got better: only an interval beside 0 says so."""
        score = self.of_active
        if score is None or score.difference is None:
            return "unknown"
        if score.difference.low > 0:
            return "better"
        return "worse" if score.difference.high < 0 else "unclear"
