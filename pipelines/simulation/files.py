"""What a simulation leaves in its folder: a page, a document, and a curve per strategy."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.simulation.curves import Curve
from ser.files import write_whole

if TYPE_CHECKING:
    from pipelines.simulation.outcome import SimulationSummary

COLUMNS = ("votes", "clips", "votes_per_clip", "uar", "low", "high", "hours", "right", "shared")
PAGE = "simulation.html"
DOCUMENT = "summary.json"


def write_simulation(summary: SimulationSummary, folder: Path) -> tuple[Path, ...]:
    """Write the page, the document, and the curve of every strategy.

    Args:
        summary: What came of the simulation.
        folder: Where to; made if needed.

    Returns:
        The paths, the page first. `serloop plan --from` reads the curves, `curve-NAME.csv`.

    Raises:
        OSError: If the folder cannot be written to.
    """
    from pipelines.report.page import put_page  # noqa: PLC0415 - these load matplotlib
    from pipelines.report.simulation.render import render_simulation  # noqa: PLC0415

    page = put_page(render_simulation(summary), folder / PAGE)
    document = folder / DOCUMENT
    write_whole(document, f"{json.dumps(summary.document(), indent=1)}\n".encode())
    curves = []
    for curve in summary.curves:
        path = folder / f"curve-{_file_name(curve.strategy)}.csv"
        write_whole(path, write_curve(curve).encode())
        curves.append(path)
    return (page, document, *curves)


def write_curve(curve: Curve) -> str:
    """Return a curve as CSV; points without votes, which no plan can use, are left out."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for point in curve.points:
        if point.votes > 0:
            told = (point.votes, point.clips, point.votes_per_clip, point.uar.value)
            rest = (point.uar.low, point.uar.high, point.hours, point.right, curve.shared)
            writer.writerow([f"{value:.10g}" for value in (*told, *rest)])
    return text.getvalue()


def _file_name(strategy: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "+", strategy)
