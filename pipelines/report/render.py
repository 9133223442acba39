"""From records to one HTML file that needs nothing outside itself."""

from __future__ import annotations

import base64
import re
from functools import cache, partial
from typing import Final

from jinja2 import Environment
from markupsafe import Markup, escape

from pipelines.report.answers import write_answers, write_title
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
from pipelines.report.registry import write_limit
from pipelines.report.scores import find_worst
from pipelines.report.tiles import write_tiles
from pipelines.report.wording import MINUS, format_count, format_score

# A clip of 3 s is about 60 kB of FLAC and 80 kB of base64: twelve, of this round and the next,
# keep the page near 1 MB.
MAX_PLAYERS: Final = 6
ANNOTATORS_SHOWN: Final = 8
POINTS_SHOWN: Final = 8
HISTORY_SHOWN: Final = 6
FLIPS_SHOWN: Final = 6
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
        title=write_title(content),
        answers=write_answers(content),
        contents=_list_sections(content),
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
        history_shown=HISTORY_SHOWN,
        flips_shown=FLIPS_SHOWN,
        worst_group=find_worst(content.group_scores),
    )


def _list_sections(content: ReportContent) -> list[tuple[str, str]]:
    """Return the id of each heading and what it is called in the list of contents."""
    sections = [
        ("h-changes", "Changes", content.changes is not None),
        ("h-gate", "Gate", content.registry is not None),
        ("h-curve", "Curve", True),
        ("h-outlook", "When to stop", content.outlook is not None),
        ("h-errors", "Errors and groups", True),
        ("h-following", "Next round", content.following is not None),
        ("h-asked", "This round’s clips", True),
        ("h-people", "People and cost", True),
        ("h-drift", "Drift", content.registry is not None),
        ("h-pool", "Pool", content.pool is not None and bool(content.pool.shares)),
        ("h-corpus", "Corpus", True),
        ("h-next", "What to do", bool(content.next_steps)),
    ]
    return [(anchor, name) for anchor, name, is_there in sections if is_there]


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
        if not content.class_scores:
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


def _write_change(value: int) -> str:
    return f"+{format_count(value)}" if value > 0 else format_count(value).replace("-", MINUS)


def _mark_code(words: str) -> Markup:
    """Escape words, and set in code what they have between backticks."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(words))))  # noqa: S704


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
        "signed": partial(format_score, signed=True),
        "change": _write_change,
        "limit": write_limit,
        "ticks": _mark_code,
    }
    return environment
