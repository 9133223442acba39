"""From an overview to the status page, which needs nothing outside itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.deployment.due import OpenRound
from pipelines.observe.facts import CampaignFacts
from pipelines.observe.overview import Overview
from pipelines.observe.prefect_server import Run
from pipelines.observe.problems import Problem, find_problems
from pipelines.observe.wording import (
    Moment,
    describe_length,
    describe_moment,
    describe_size,
    describe_state,
    shorten_reason,
)
from pipelines.report.page import page_environment
from pipelines.report.tiles import Tile
from pipelines.report.wording import format_count, format_quantity, format_share
from pipelines.settings import Settings

REFRESH_S = 30
REPORTS_SHOWN = 8
# A worker looks for runs every some seconds.
GRACE = timedelta(minutes=1)
# The order of attention: what is worst comes first.
SERVICE_COLOURS = {"healthy": "good", "starting": "warn", "unhealthy": "bad", "stopped": "idle"}


@dataclass(frozen=True)
class ReportFile:
    """A report that can be opened.

    Args:
        name: Its file.
        at: When it was written.
    """

    name: str
    at: datetime


def render_status(overview: Overview, gateway: Mapping[str, Any], settings: Settings) -> str:
    """Render the status page; equal content gives equal text.

    Args:
        overview: What there is to see.
        gateway: What the gateway says of itself, as `/status` does.
        settings: Whose clock, how many votes make a round, and where reports are.

    Returns:
        The HTML text.
    """
    problems = find_problems(overview, gateway)
    said = overview.orchestration

    def when(at: datetime | str) -> Moment:
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
        return describe_moment(moment, overview.at, settings.schedule.time_zone)

    return (
        page_environment("pipelines.observe")
        .get_template("status.html.j2")
        .render(
            home=settings.home.absolute().name or str(settings.home),
            at=overview.at,
            refresh_s=REFRESH_S,
            verdict=write_verdict(problems, overview),
            problems=problems,
            running=[] if said is None else said.running,
            works=gateway["running"],
            tiles=write_tiles(overview, gateway),
            orchestration=said,
            services=overview.services if is_supervised(overview) else (),
            colours=SERVICE_COLOURS,
            facts=overview.facts,
            campaigns=describe_campaigns(overview, gateway),
            making=overview.making,
            wanted=settings.schedule.round_votes,
            reports=list_reports(settings.reports)[:REPORTS_SHOWN],
            when=when,
            is_overdue=lambda run: run.at < overview.at - GRACE,
            lasted=lambda seconds: describe_length(timedelta(seconds=seconds)),
            state_of=describe_state,
            reason_of=shorten_reason,
        )
    )


def write_verdict(problems: Sequence[Problem], overview: Overview) -> str:
    """Say in a line whether somebody has to do something.

    Args:
        problems: What needs a person.
        overview: What there is to see.
    """
    failures = sum(problem.is_failure for problem in problems)
    if failures:
        return f"{format_quantity(failures, 'thing')} failed"
    if problems:
        needs = "needs" if len(problems) == 1 else "need"
        return f"{format_quantity(len(problems), 'thing')} {needs} a look"
    if overview.orchestration and overview.orchestration.running:
        return "All is well, and at work"
    return "All is well"


def write_tiles(overview: Overview, gateway: Mapping[str, Any]) -> list[Tile]:
    """Choose the figures under the headline.

    Args:
        overview: What there is to see.
        gateway: What the gateway says of itself.
    """
    facts = overview.facts
    votes = sum((facts.votes or {}).values()) if facts else 0
    waiting = gateway["waiting"]
    return [
        _write_services(overview),
        _write_next(overview),
        Tile("Votes", format_count(votes), f"{format_quantity(waiting, 'event')} in the queue"),
        Tile(
            "Disk free",
            format_share(overview.disk.free / overview.disk.total),
            f"{describe_size(overview.disk.free)} of {describe_size(overview.disk.total)}",
        ),
    ]


def _write_services(overview: Overview) -> Tile:
    label = "Services"
    if not is_supervised(overview):
        return Tile(label, "none", "supervised here")
    healthy = sum(service.state == "healthy" for service in overview.services)
    return Tile(label, f"{healthy} of {len(overview.services)}", "healthy")


def is_supervised(overview: Overview) -> bool:
    """Return whether `serloop up` is used on this machine.

    Args:
        overview: What there is to see.
    """
    return any(service.state != "stopped" for service in overview.services)


def _write_next(overview: Overview) -> Tile:
    label = "Next to run"
    due = find_next(overview)
    if due is None:
        return Tile(label, "nothing", "no schedule is known")
    name, run = due
    if run.at < overview.at - GRACE:
        return Tile(label, "overdue", name)
    return Tile(label, describe_moment(run.at, overview.at).relative, name)


def find_next(overview: Overview) -> tuple[str, Run] | None:
    """Return the deployment that starts next and its run; None for none."""
    said = overview.orchestration
    planned = [
        (deployed.name, deployed.next)
        for deployed in (said.deployments if said else ())
        if deployed.next is not None and not deployed.is_paused
    ]
    return min(planned, key=lambda item: item[1].at, default=None)


def describe_campaigns(
    overview: Overview, gateway: Mapping[str, Any]
) -> list[tuple[CampaignFacts, OpenRound | None, Mapping[str, Any] | None]]:
    """Return each campaign, where its round stands, and what the gateway knows of it.

    Args:
        overview: What there is to see.
        gateway: What the gateway says of itself.
    """
    stands = {item.campaign: item for item in overview.rounds}
    told = {item["campaign"]: item for item in gateway["campaigns"]}
    return [
        (item, stands.get(item.campaign), told.get(item.campaign))
        for item in (overview.facts.campaigns if overview.facts else ())
    ]


def list_reports(folder: Path) -> list[ReportFile]:
    """Return the reports of a folder, the newest first.

    Args:
        folder: The folder; it need not be there.
    """
    if not folder.is_dir():
        return []
    found = [
        ReportFile(path.name, datetime.fromtimestamp(path.stat().st_mtime, UTC))
        for path in folder.glob("*.html")
        if path.is_file()
    ]
    return sorted(found, key=lambda file: (file.at, file.name), reverse=True)
