"""From the records of people's opinions to one HTML file that needs nothing outside itself."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any, Final

from jinja2 import Environment

from pipelines.report.charts import draw_agreement, draw_annotator_map, draw_shares
from pipelines.report.charts.annotator_map import MOST_ALARMS, MOST_POINTS, split_crowd
from pipelines.report.opinions.content import (
    ADVICE,
    MAX_GROUPS,
    ClipView,
    GroupContent,
    OpinionContent,
)
from pipelines.report.opinions.wording import (
    write_estimate,
    write_fit,
    write_group_sentence,
    write_group_title,
    write_leaning,
    write_sentence,
    write_tiles,
    write_verdict,
)
from pipelines.report.page import page_environment
from pipelines.report.render import SYNTHETIC_NOTE

ROWS_IN_SIGHT: Final = 10
MAX_ROWS: Final = 300
MAX_CLASSES: Final = 12


def render_opinions(content: OpinionContent) -> str:
    """Render people's opinions as one self-contained HTML page.

    The page loads nothing and equal content gives equal text, like the report of a round.

    Args:
        content: everything the page shows. The first `MAX_GROUPS` groups have a section; of
            each, up to `MAX_ROWS` annotators have a row, and heat maps are drawn up to
            `MAX_CLASSES` classes. What is left out is said.

    Returns:
        The HTML text.
    """
    return (
        _environment()
        .get_template("opinions.html.j2")
        .render(
            content=content,
            verdict=write_verdict(content),
            sentence=write_sentence(content),
            sections=[
                _describe_section(group, index)
                for index, group in enumerate(content.groups[:MAX_GROUPS])
            ],
            advice=ADVICE,
            rows_in_sight=ROWS_IN_SIGHT,
            max_rows=MAX_ROWS,
            max_groups=MAX_GROUPS,
            max_points=MOST_POINTS,
            max_alarms=MOST_ALARMS,
            max_classes=MAX_CLASSES,
        )
    )


def _describe_section(group: GroupContent, index: int) -> dict[str, Any]:
    points, crowd, lost = split_crowd(group.annotators)
    return {
        "group": group,
        "title": write_group_title(group),
        "sentence": write_group_sentence(group),
        "fit": write_fit(group.fit) if group.fit else "",
        "tiles": write_tiles(group) if group.votes else [],
        "charts": _draw_charts(group, index),
        "points": len(points),
        "crowd": len(crowd),
        "lost": lost,
    }


def _draw_charts(group: GroupContent, index: int) -> dict[str, Any]:
    note = SYNTHETIC_NOTE if group.is_synthetic else ""
    charts: dict[str, Any] = {}
    for suffix, compact in (("", False), ("-compact", True)):
        if any(one.skill.is_known for one in group.annotators):
            charts[f"map{suffix}"] = draw_annotator_map(
                group.annotators, key=f"map-{index}{suffix}", compact=compact, note=note
            )
        if group.timeline and any(step.alpha.is_known for step in group.timeline.steps):
            charts[f"time{suffix}"] = draw_agreement(
                group.timeline.steps,
                group.alpha,
                key=f"time-{index}{suffix}",
                compact=compact,
                note=note,
            )
    if len(group.classes) <= MAX_CLASSES:
        charts["confusions"] = [
            draw_shares(
                view.shares,
                group.classes,
                key=f"confusion-{index}-{number}",
                truth=view.truth,
                title=view.title,
                note=note,
            )
            for number, view in enumerate(group.confusions)
        ]
    return charts


def _data_uri(clip: ClipView) -> str:
    return f"data:audio/flac;base64,{base64.b64encode(clip.audio or b'').decode('ascii')}"


@cache
def _environment() -> Environment:
    environment = page_environment("pipelines.report.opinions").overlay()
    environment.filters = {
        **environment.filters,
        "data_uri": _data_uri,
        "estimate": write_estimate,
        "leaning": write_leaning,
    }
    return environment
