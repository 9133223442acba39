"""What a page says of its corpus: what came in, what was refused, what is doubtful."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectCount:
    """Files refused for one reason.

    Args:
        reason: the code stored with the reject.
        files: how many.
        example: path of one of them.
    """

    reason: str
    files: int
    example: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestSummary:
    """What the corpus brought in.

    Args:
        clips: clips in the warehouse.
        speakers: distinct known speakers.
        hours: their total duration in hours.
        rejects: refused files by reason.
    """

    clips: int
    speakers: int
    hours: float
    rejects: tuple[RejectCount, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDoubt:
    """One finding about the data that the round was learned from.

    Args:
        severity: how bad it is.
        title: what was found.
        noun: what is counted, in the singular.
        count: how many.
    """

    severity: Literal["error", "warning", "note"]
    title: str
    noun: str
    count: int
