"""Report: one page per round that says what was asked, what was learned, and what to do next."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.curve import read_curve
from pipelines.errors import NothingToDoError
from pipelines.gather import gather_content
from pipelines.outlook import THRESHOLDS
from pipelines.pool_estimates import pool_estimates
from pipelines.progress import Progress, SilentProgress
from pipelines.report.pool_estimates import PoolSection
from pipelines.runner import Link, Row
from pipelines.settings import Settings
from pipelines.workspace import open_store


@dataclass(frozen=True)
class ReportResult:
    """A written report.

    Args:
        path: The HTML file.
        round: Round it is about.
    """

    path: str
    round: int

    def rows(self) -> Sequence[Row]:
        """Return one row."""
        return [{"report": self.path, "round": self.round}]

    def links(self) -> Sequence[Link]:
        """Return the page."""
        return [Link(f"Report of round {self.round}", self.path)]


def report_path(settings: Settings, campaign: str, number: int) -> Path:
    """Return where the page of a round is, or will be."""
    return settings.reports / f"{campaign}-{number:03d}.html"


def report(
    settings: Settings, progress: Progress, *, campaign: str, number: int | None = None
) -> ReportResult:
    """Write the self-contained HTML page of a round.

    Args:
        settings: Where the warehouse is and where reports go.
        progress: Where progress is shown.
        campaign: The campaign.
        number: The round; default: the latest one that was learned from.

    Returns:
        Where the page is.

    Raises:
        NothingToDoError: If nothing was learned from that round yet.
    """
    from pipelines.report.page import put_page  # noqa: PLC0415 - these load matplotlib
    from pipelines.report.render import render_report  # noqa: PLC0415

    with open_store(settings) as store, progress.track("write report", 2, "steps") as advance:
        curve = read_curve(store, campaign)
        learned = sorted({point.round for point in curve})
        chosen = max(learned, default=-1) if number is None else number
        if chosen not in learned:
            raise NothingToDoError(
                f"campaign `{campaign}` has learned nothing from "
                f"{'any round' if number is None else f'round {number}'} yet; `serloop round` "
                "learns from the answers there are"
            )
        content = gather_content(
            store,
            campaign,
            chosen,
            [point for point in curve if point.round <= chosen],
            thresholds=settings.rounds.overrides(*THRESHOLDS),
        )
        content = replace(content, pool=_estimate_pool(settings, campaign, chosen))
        advance()
        path = put_page(render_report(content), report_path(settings, campaign, chosen))
        advance()
    return ReportResult(str(path), chosen)


def _estimate_pool(settings: Settings, campaign: str, number: int) -> PoolSection | None:
    """Return what the whole pool is like; None where no active model or no vote says so."""
    try:
        found = pool_estimates(settings, SilentProgress(), campaign=campaign, number=number)
    except NothingToDoError:
        return None
    return found.section()
