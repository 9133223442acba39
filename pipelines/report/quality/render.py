"""From the records of a judgement to one HTML file that needs nothing outside itself."""

from __future__ import annotations

from functools import cache
from typing import Final

from jinja2 import Environment

from pipelines.report.page import page_environment
from pipelines.report.quality.charts import draw_balance, draw_durations, draw_levels
from pipelines.report.quality.content import SEVERITIES, CorpusProfile, QualityContent
from pipelines.report.quality.wording import (
    write_cell,
    write_heading,
    write_sentence,
    write_verdict,
)
from pipelines.report.render import SYNTHETIC_NOTE

# Of a corpus with charts the page grows by about 150 kB.
MAX_PROFILES: Final = 6
ROWS_IN_SIGHT: Final = 5


def render_quality(content: QualityContent) -> str:
    """Render a judgement of data quality as one self-contained HTML page.

    The page loads nothing and equal content gives equal text, like the report of a round.

    Args:
        content: everything the page shows. The first `MAX_PROFILES` corpora have charts.

    Returns:
        The HTML text.
    """
    return (
        _environment()
        .get_template("quality.html.j2")
        .render(
            content=content,
            verdict=write_verdict(content),
            sentence=write_sentence(content),
            severities=SEVERITIES,
            charts=[
                _draw_charts(profile, index, content.snr_low_db)
                for index, profile in enumerate(content.profiles[:MAX_PROFILES])
            ],
            rows_in_sight=ROWS_IN_SIGHT,
        )
    )


def _draw_charts(profile: CorpusProfile, index: int, snr_low_db: float) -> dict[str, str]:
    note = SYNTHETIC_NOTE if profile.is_synthetic else ""
    charts = {}
    if profile.balance and profile.classes:
        charts["balance"] = draw_balance(profile, key=f"balance-{index}", note=note)
    if profile.durations:
        charts["durations"] = draw_durations(profile, key=f"durations-{index}", note=note)
    if profile.levels:
        charts["levels"] = draw_levels(
            profile, snr_low_db=snr_low_db, key=f"levels-{index}", note=note
        )
    return charts


@cache
def _environment() -> Environment:
    environment = page_environment("pipelines.report.quality")
    environment.filters.update(cell=write_cell, heading=write_heading)
    return environment
