"""What a Prefect server says: what runs, what is due when, what failed and why."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from annotation.label_studio.api import is_loopback
from pipelines.errors import PipelineError

PATIENCE_S = 5.0
# A failure of longer ago is history, not something to look at this morning.
REMEMBERED = timedelta(days=7)
MOST_RUNS = 100
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
BROKEN = ("FAILED", "CRASHED")
ACTIVE = ("RUNNING", "PENDING", "PAUSED", "CANCELLING")


@dataclass(frozen=True)
class Run:
    """One run of a flow.

    Args:
        name: What tells it from others, such as `ingest-ravdess`.
        state: As Prefect names it: `Completed`, `Failed`, `Late`, `Suspended` and so on.
        kind: `COMPLETED`, `FAILED`, `CRASHED`, `CANCELLED`, `RUNNING` or another type of state.
        at: When it ended, began or is due.
        took_s: How long it ran, seconds.
        reason: What its state says, which of a failed one is why.
        url: Its page.
    """

    name: str
    state: str
    kind: str
    at: datetime
    took_s: float
    reason: str
    url: str

    @property
    def is_broken(self) -> bool:
        """Return whether it ended without having done what it should."""
        return self.kind in BROKEN


@dataclass(frozen=True)
class Deployed:
    """One deployment, and how its runs fare.

    Args:
        name: Such as `ingest/ravdess`.
        schedule: When it starts by itself, in words; empty for never.
        is_paused: Whether somebody stopped its schedule.
        is_ready: Whether a worker takes its runs.
        last: The run that ended last; None for none.
        done_at: When one last did what it should; None for never, as far as is remembered.
        next: The run that is due next; None for none.
        url: Its page.
    """

    name: str
    schedule: str
    is_paused: bool
    is_ready: bool
    last: Run | None
    done_at: datetime | None
    next: Run | None
    url: str


@dataclass(frozen=True)
class Orchestration:
    """What a server says.

    Args:
        url: Its pages.
        deployments: In order of their names.
        running: Runs that have begun and not ended, the oldest first.
        broken: Runs without a deployment that failed, where none of that name succeeded since.
    """

    url: str
    deployments: tuple[Deployed, ...]
    running: tuple[Run, ...]
    broken: tuple[Run, ...]


class PrefectServer:
    """Asks a Prefect server over HTTP; its client would take a second to import.

    Args:
        url: Address of its API, which ends in `/api`.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        # Where services reach one another is not always where people do.
        pages = os.environ.get("PREFECT_UI_URL") or self._url.removesuffix("/api")
        self._pages = pages.rstrip("/")

    def look(self, now: datetime) -> Orchestration:
        """Ask for everything the status page shows.

        Args:
            now: The time.

        Raises:
            PipelineError: It does not answer, or not as Prefect does.
        """
        try:
            with _open(self._url) as client:
                return self._look(client, now)
        except (httpx.HTTPError, httpx.InvalidURL, KeyError, TypeError, ValueError) as error:
            said = str(error).partition("\n")[0] or type(error).__name__
            message = f"Prefect's server at {self._url} does not answer as it should: {said}"
            raise PipelineError(message) from error

    def _look(self, client: httpx.Client, now: datetime) -> Orchestration:
        rows = self._ask(client, "deployments", {"limit": MOST_RUNS})
        ids = sorted({row["flow_id"] for row in rows})
        flows = self._ask(client, "flows", {"flows": {"id": {"any_": ids}}}) if ids else []
        names = {row["id"]: row["name"] for row in flows}
        found = [self._look_at(client, row, names[row["flow_id"]], now) for row in rows]
        running = self._runs(client, {}, ACTIVE, sort="START_TIME_ASC")
        recent = {
            "end_time": {"after_": (now - REMEMBERED).isoformat()},
            "deployment_id": {"is_null_": True},
            # What a run starts inside is told by how that run ends.
            "parent_task_run_id": {"is_null_": True},
        }
        ended = self._runs(client, recent, ENDED, sort="END_TIME_DESC")
        return Orchestration(
            self._pages,
            tuple(sorted(found, key=lambda deployed: deployed.name)),
            tuple(running),
            find_broken(ended),
        )

    def _look_at(
        self, client: httpx.Client, row: Mapping[str, Any], flow: str, now: datetime
    ) -> Deployed:
        of_it = {"deployment_id": {"any_": [row["id"]]}}
        last = self._runs(client, of_it, ENDED, sort="END_TIME_DESC", limit=1)
        done = last
        if last and last[0].kind != "COMPLETED":
            done = self._runs(client, of_it, ENDED[:1], sort="END_TIME_DESC", limit=1)
        due = self._runs(client, of_it, ("SCHEDULED",), sort="EXPECTED_START_TIME_ASC", limit=1)
        return Deployed(
            name=f"{flow}/{row['name']}",
            schedule=describe_schedules(row["schedules"]),
            is_paused=row["paused"] or _is_stopped(row["schedules"]),
            # A server that has not yet heard of a worker says so for a minute; late runs tell.
            is_ready=row["status"] != "NOT_READY" or not _is_late(due, now),
            last=next(iter(last), None),
            done_at=next((run.at for run in done), None),
            next=next(iter(due), None),
            url=f"{self._pages}/deployments/deployment/{row['id']}",
        )

    def _runs(
        self,
        client: httpx.Client,
        which: Mapping[str, Any],
        kinds: Sequence[str],
        *,
        sort: str,
        limit: int = MOST_RUNS,
    ) -> list[Run]:
        wanted = {**which, "state": {"type": {"any_": list(kinds)}}}
        asked = {"flow_runs": wanted, "sort": sort, "limit": limit}
        return [self._read(row) for row in self._ask(client, "flow_runs", asked)]

    def _ask(self, client: httpx.Client, what: str, asked: Mapping[str, Any]) -> list[Any]:
        answer = client.post(f"{self._url}/{what}/filter", json=asked)
        found: list[Any] = answer.raise_for_status().json()
        return found

    def _read(self, row: Mapping[str, Any]) -> Run:
        moment = row["end_time"] or row["start_time"] or row["expected_start_time"]
        return Run(
            name=row["name"],
            state=row["state_name"],
            kind=row["state_type"],
            at=datetime.fromisoformat(moment),
            took_s=float(row["estimated_run_time"] or 0.0),
            reason=((row["state"] or {}).get("message") or "").strip(),
            url=f"{self._pages}/runs/flow-run/{row['id']}",
        )


def find_broken(ended: Sequence[Run]) -> tuple[Run, ...]:
    """Return the runs that failed and were not made good since.

    Args:
        ended: Runs that have ended, the newest first. Runs of one name do the same thing.
    """
    newest: dict[str, Run] = {}
    for run in ended:
        newest.setdefault(run.name, run)
    return tuple(run for run in newest.values() if run.is_broken)


def describe_schedules(schedules: Sequence[Mapping[str, Any]]) -> str:
    """Say when something starts by itself.

    Args:
        schedules: As Prefect lists them.

    Example:
        >>> describe_schedules([{"schedule": {"interval": 300.0}}])
        'every 5 min'
        >>> describe_schedules([{"schedule": {"cron": "0 2 * * *", "timezone": "Europe/Berlin"}}])
        'daily at 02:00 Europe/Berlin'
    """
    return ", ".join(_describe(item["schedule"]) for item in schedules)


def _describe(schedule: Mapping[str, Any]) -> str:
    zone = schedule.get("timezone") or "UTC"
    if "interval" in schedule:
        seconds = float(schedule["interval"])
        for length, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
            if seconds >= length:
                return f"every {seconds / length:g} {unit}"
        return f"every {seconds:g} s"
    if "cron" not in schedule:
        return f"by rule {schedule.get('rrule', '')}"
    minute, hour, *rest = schedule["cron"].split()
    if rest == ["*", "*", "*"] and minute.isdecimal() and hour.isdecimal():
        return f"daily at {int(hour):02d}:{int(minute):02d} {zone}"
    return f"cron {schedule['cron']} {zone}"


def _is_stopped(schedules: Sequence[Mapping[str, Any]]) -> bool:
    return bool(schedules) and not any(item["active"] for item in schedules)


def _is_late(due: Sequence[Run], now: datetime) -> bool:
    return any(run.state == "Late" or run.at < now - timedelta(minutes=1) for run in due)


def _open(url: str) -> httpx.Client:
    # The two ways in which a server may want to know who asks, as Prefect's own client does.
    return httpx.Client(
        timeout=PATIENCE_S,
        headers=_find_key(),
        auth=_find_login(),
        # A proxy of this machine leads elsewhere.
        trust_env=not is_loopback(url),
    )


def _find_login() -> httpx.BasicAuth | None:
    user, colon, password = os.environ.get("PREFECT_API_AUTH_STRING", "").partition(":")
    return httpx.BasicAuth(user, password) if colon else None


def _find_key() -> Mapping[str, str]:
    key = os.environ.get("PREFECT_API_KEY")
    return {"Authorization": f"Bearer {key}"} if key else {}
