"""What the active model is worth on each class and each group, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScore:
    """How well one class is told.

    Args:
        name: the class.
        recall: share of its clips that are told, in [0, 1]; NaN if undefined.
        low: lower end of its interval over speakers.
        high: upper end.
        precision: share of what is told to be it that is; NaN if undefined.
        clips: test clips of the class.
    """

    name: str
    recall: float
    low: float
    high: float
    precision: float
    clips: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupScore:
    """UAR on the clips of one group.

    Args:
        grouped_by: what groups clips, such as `gender`.
        group: the group, such as `female`.
        uar: in [0, 1]; NaN if undefined.
        low: lower end of its interval over speakers.
        high: upper end.
        clips: test clips of the group.
        speakers: their speakers.
    """

    grouped_by: str
    group: str
    uar: float
    low: float
    high: float
    clips: int
    speakers: int


def find_worst(scores: Sequence[GroupScore]) -> GroupScore | None:
    """Return the group with the lowest UAR; None where there are no two to choose from.

    Args:
        scores: groups, in any order; an undefined UAR is never the lowest.
    """
    known = [score for score in scores if score.uar == score.uar]
    return min(known, key=lambda score: (score.uar, score.group)) if len(known) > 1 else None
