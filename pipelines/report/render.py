"""From records to one HTML file that needs nothing outside itself."""

from __future__ import annotations

import base64
from functools import cache
from typing import Final

from jinja2 import Environment

from pipelines.report.charts import (
    draw_confusion,
    draw_entropy,
    draw_forecast,
    draw_learning_curve,
    draw_recalls,
)
from pipelines.report.checks import check_content
from pipelines.report.content import (
    AnnotatorSummary,
    AskedClip,
    ReportContent,
    class_recalls,
    largest_confusions,
)
from pipelines.report.headline import chance_level, write_headline
from pipelines.report.outlook import write_figure, write_forecast, write_verdict
from pipelines.report.page import page_environment
from pipelines.report.tiles import write_tiles

# A clip of 3 s is about 60 kB of FLAC and 80 kB of base64: twelve keep the page near 1 MB.
MAX_PLAYERS: Final = 12
ANNOTATORS_SHOWN: Final = 8
POINTS_SHOWN: Final = 8
SYNTHETIC_NOTE: Final = "synthetic speech"


def render_report(content: ReportContent) -> str:
    """Render a round's report as one self-contained HTML page.

    The page loads nothing: styles, charts and audio are inline, and its content security policy
    forbids the browser to fetch anything else. Equal content gives equal text.

    Args:
        content: everything the page shows. The first `MAX_PLAYERS` asked clips become cards
            with a player, the others rows of a table without one.

    Returns:
        The HTML text.

    Raises:
        ReportError: the content contradicts itself (see `check_content`).
    """
    check_content(content)
    template = _environment().get_template("round.html.j2")
    return template.render(
        content=content,
        headline=write_headline(content),
        tiles=write_tiles(content),
        charts=_draw_charts(content),
        points=sorted(content.curve, key=lambda point: (-point.round, point.arm)),
        points_shown=POINTS_SHOWN,
        confusions=largest_confusions(content.confusion or (), content.classes, count=3),
        weakest=_weakest_class(content),
        chance=chance_level(len(content.classes)),
        annotators=_sort_annotators(content),
        annotators_shown=ANNOTATORS_SHOWN,
        max_players=MAX_PLAYERS,
    )


def _draw_charts(content: ReportContent) -> dict[str, str]:
    note = SYNTHETIC_NOTE if content.is_synthetic else ""
    size = len(content.classes)
    charts = {}
    if content.curve:
        for key, compact in (("curve", False), ("curve-compact", True)):
            charts[key] = draw_learning_curve(
                content.curve, n_classes=size, key=key, compact=compact, note=note
            )
    if content.outlook is not None and content.outlook.forecast:
        points, expected = content.arm_points("active"), content.outlook.forecast
        for key, compact in (("forecast", False), ("forecast-compact", True)):
            charts[key] = draw_forecast(
                points, expected, n_classes=size, key=key, compact=compact, note=note
            )
    if content.confusion is not None:
        truth = content.held_out.labels
        charts["confusion"] = draw_confusion(
            content.confusion, content.classes, key="confusion", truth=truth, note=note
        )
        charts["recalls"] = draw_recalls(
            content.confusion, content.classes, key="recalls", note=note
        )
    if content.consensus is not None and content.consensus.entropy_counts:
        counts, edges = content.consensus.entropy_counts, content.consensus.entropy_edges
        charts["entropy"] = draw_entropy(counts, edges, n_classes=size, key="entropy", note=note)
    return charts


def _weakest_class(content: ReportContent) -> tuple[str, float] | None:
    recalls = zip(content.classes, class_recalls(content.confusion or ()), strict=False)
    known = [(name, recall) for name, recall in recalls if recall is not None]
    return min(known, key=lambda pair: pair[1], default=None)


def _sort_annotators(content: ReportContent) -> list[AnnotatorSummary]:
    annotators = content.consensus.annotators if content.consensus else ()
    return sorted(
        annotators,
        key=lambda a: (a.skill is None, a.skill if a.skill is not None else 0.0, a.annotator),
    )


def _data_uri(clip: AskedClip) -> str:
    encoded = base64.b64encode(clip.audio or b"").decode("ascii")
    return f"data:{clip.audio_mime};base64,{encoded}"


@cache
def _environment() -> Environment:
    # A copy: its filter for audio is no business of other pages.
    environment = page_environment().overlay()
    environment.filters = {
        **environment.filters,
        "data_uri": _data_uri,
        "figure": write_figure,
        "verdict": write_verdict,
        "forecast": write_forecast,
    }
    return environment
