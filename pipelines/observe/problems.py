"""What somebody has to look at, most urgent first: a pure function of what there is to see."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipelines.observe.overview import Overview
from pipelines.observe.wording import describe_size, shorten_reason
from pipelines.report.wording import format_quantity

# Less than both, and the next ingest or backup may fill it.
LOW_SHARE = 0.1
LOW_BYTES = 10e9
WRONG = {
    "prefect": "Prefect's server cannot be asked",
    "rounds": "Nobody knows which rounds are due",
    "services": "Nobody knows which services run",
    "warehouse": "The warehouse cannot be read",
}


@dataclass(frozen=True)
class Problem:
    """Something that needs a person.

    Args:
        title: What, in a few words.
        detail: Why, and what to do.
        is_failure: Whether something did not work, other than something to decide or to look at.
        at: Since when; None if nobody knows.
        url: Where there is more; empty for nowhere.
    """

    title: str
    detail: str
    is_failure: bool = True
    at: datetime | None = None
    url: str = ""


def find_problems(overview: Overview, gateway: Mapping[str, Any]) -> list[Problem]:
    """Return what needs a person.

    Args:
        overview: What there is to see.
        gateway: What the gateway says of itself.

    Returns:
        What failed first, then what is to be decided or looked at.
    """
    found = [
        *(Problem(WRONG[what], why) for what, why in sorted(overview.errors.items())),
        *_of_services(overview),
        *_of_runs(overview),
        *_of_gateway(gateway),
        *_of_facts(overview),
        *_of_disk(overview),
    ]
    return sorted(found, key=lambda problem: not problem.is_failure)


def _of_services(overview: Overview) -> Iterator[Problem]:
    runs_any = any(service.state != "stopped" for service in overview.services)
    for service in overview.services:
        # Who runs the gateway alone has not lost the others.
        if service.state == "unhealthy" or (service.state == "stopped" and runs_any):
            detail = service.detail or "it does not answer"
            yield Problem(f"Service {service.name} is {service.state}", detail)


def _of_runs(overview: Overview) -> Iterator[Problem]:
    said = overview.orchestration
    if said is None:
        return
    for deployed in said.deployments:
        last = deployed.last
        if last is not None and last.is_broken:
            yield Problem(
                f"{deployed.name} {last.state.lower()}",
                shorten_reason(last),
                at=last.at,
                url=last.url,
            )
        if not deployed.is_ready and not deployed.is_paused and deployed.next is not None:
            yield Problem(
                f"{deployed.name} is late",
                "no worker takes its runs; see that the worker service runs, or start one with "
                "`prefect worker start --pool NAME`",
                at=deployed.next.at,
                url=deployed.url,
            )
    for run in said.broken:
        title = f"{run.name} {run.state.lower()}"
        yield Problem(title, shorten_reason(run), at=run.at, url=run.url)
    for run in said.running:
        if run.kind == "PAUSED":
            detail = run.reason or "it waits for somebody's answer"
            yield Problem(f"{run.name} waits for you", detail, False, run.at, run.url)


def _of_gateway(gateway: Mapping[str, Any]) -> Iterator[Problem]:
    for campaign in gateway["campaigns"]:
        for failure in campaign["failures"]:
            yield Problem(
                f"{failure['kind']} of {campaign['campaign']} failed",
                f"{failure['reason']} (tried {failure['attempts']}×, and will be again)",
            )


def _of_facts(overview: Overview) -> Iterator[Problem]:
    facts = overview.facts
    if facts is None:
        return
    for line in facts.lines:
        if line.kind == "waiting":
            yield Problem(
                f"{line.model_id} waits for approval",
                f"It passed the gate of {line.line}: {line.reason}. Run `serloop promote "
                f"{line.model_id}`, or answer where Prefect asks.",
                False,
                line.changed_at,
            )
    for corpus in sorted({drift.corpus for drift in facts.drifts if drift.is_alarm}):
        alarms = [drift for drift in facts.drifts if drift.is_alarm and drift.corpus == corpus]
        told = "; ".join(f"{drift.measure}: {drift.detail}" for drift in alarms)
        yield Problem(f"New clips of {corpus} have drifted", told, False, alarms[0].measured_at)
    if facts.failed_checks:
        count = format_quantity(len(facts.failed_checks), "data check")
        told = ", ".join(f"{item.name} ({item.rows})" for item in facts.failed_checks)
        yield Problem(f"{count} found rows", told, False)


def _of_disk(overview: Overview) -> Iterator[Problem]:
    disk = overview.disk
    if disk.free < LOW_BYTES and disk.free < LOW_SHARE * disk.total:
        yield Problem(
            "The disk is nearly full",
            f"{describe_size(disk.free)} of {describe_size(disk.total)} are free; `serloop "
            "maintain` drops what nothing needs",
        )
