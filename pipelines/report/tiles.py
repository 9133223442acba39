"""The few figures under the headline."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.report.content import Arm, ReportContent
from pipelines.report.headline import chance_level
from pipelines.report.wording import (
    format_count,
    format_interval,
    format_quantity,
    format_score,
    format_share,
)


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure: what it is, its value, and what it should be read against."""

    label: str
    value: str
    detail: str
    arm: Arm | None = None


def write_tiles(content: ReportContent) -> list[Tile]:
    """Choose the figures of a page.

    Args:
        content: the records of the page.

    Returns:
        Four tiles: both arms' UAR, the votes spent, and how good the consensus is. What is not
        known yet reads `n/a`.
    """
    return [
        _arm_tile(content, "active"),
        _arm_tile(content, "random"),
        _votes_tile(content),
        _consensus_tile(content),
    ]


def _arm_tile(content: ReportContent, arm: Arm) -> Tile:
    label = f"UAR, {arm} arm"
    points = content.arm_points(arm)
    if not points:
        return Tile(label, format_score(None), "not evaluated yet", arm)
    last = points[-1]
    interval = format_interval(last.uar_low, last.uar_high)
    if len(points) == 1:
        chance = format_score(chance_level(len(content.classes)))
        return Tile(label, format_score(last.uar), f"{interval} · chance {chance}", arm)
    change = format_score(last.uar - points[-2].uar, signed=True)
    detail = f"{interval} · {change} since round {points[-2].round}"
    return Tile(label, format_score(last.uar), detail, arm)


def _votes_tile(content: ReportContent) -> Tile:
    label = "Simulated votes" if content.has_simulated_votes else "Votes"
    if content.consensus is None:
        return Tile(label, "0", "no clip has a vote yet")
    per_clip = content.consensus.votes_per_clip
    mean = "n/a" if per_clip is None else f"{per_clip:.1f}"
    clips = format_quantity(content.consensus.clips, "clip")
    return Tile(label, format_count(content.consensus.votes), f"{clips} · {mean} votes per clip")


def _consensus_tile(content: ReportContent) -> Tile:
    label = "Consensus = intended"
    if content.consensus is None:
        return Tile(label, format_share(None), "no consensus yet")
    ties = format_quantity(content.consensus.ties, "tie")
    if content.consensus.intended_share is None:
        return Tile(label, format_share(None), f"corpus has no intended label · {ties}")
    return Tile(label, format_share(content.consensus.intended_share), f"of clips · {ties}")
