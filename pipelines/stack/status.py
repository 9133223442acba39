"""How the services of this machine are."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from pipelines.runner import Cell
from pipelines.settings import Settings
from pipelines.stack.control import Process, read_processes
from pipelines.stack.health import look
from pipelines.stack.looks import Looks, read_looks
from pipelines.stack.members import find_members
from pipelines.stack.places import find_stack_places
from pipelines.stack.services import Name, Service, plan_services

State = Literal["healthy", "unhealthy", "starting", "stopped"]
BEGIN = "`serloop up` starts it"
HEAL = "its supervisor was killed; `serloop up` heals this"


@dataclass(frozen=True)
class ServiceStatus:
    """One look at a service.

    Args:
        name: What it is called.
        state: Whether it does what it is for.
        url: Where people reach it; None where they do not.
        pid: Its process; None where none runs, or it is not ours.
        since: When this process was started, UTC.
        restarts: How often it was started again since `serloop up`; None if nobody counted.
        detail: What is wrong, or what to do; empty if there is nothing to say.
    """

    name: Name
    state: State
    url: str | None = None
    pid: int | None = None
    since: datetime | None = None
    restarts: int | None = None
    detail: str = ""

    def row(self) -> Mapping[str, Cell]:
        """Return everything as a row of a table."""
        since = self.since.isoformat(timespec="seconds") if self.since else None
        return {
            "service": self.name,
            "state": self.state,
            "url": self.url,
            "pid": self.pid,
            "since": since,
            "restarts": self.restarts,
            "detail": self.detail,
        }


def read_stack(settings: Settings) -> tuple[ServiceStatus, ...]:
    """Look at every service, all at once, for three seconds at most.

    Where nothing runs, or only some of it, that is what is told; nothing is raised.

    Args:
        settings: Where they should be.

    Returns:
        One status per service, in the order in which they start.
    """
    places = find_stack_places(settings)
    services = plan_services(settings)
    processes = read_processes(places.socket)
    if processes is None:
        detail = HEAL if find_members(places) else BEGIN
        return tuple(_look_at(item, settings, None, Looks.none(), detail) for item in services)
    looks = read_looks(places.looks)

    def look_at(service: Service) -> ServiceStatus:
        return _look_at(service, settings, processes.get(service.name), looks, BEGIN)

    with ThreadPoolExecutor(len(services)) as pool:
        return tuple(pool.map(look_at, services))


def _look_at(
    service: Service, settings: Settings, process: Process | None, looks: Looks, otherwise: str
) -> ServiceStatus:
    found = ServiceStatus(service.name, "stopped", service.url, detail=otherwise)
    if not service.is_ours:
        health = look(service, settings)
        state: State = "healthy" if health.is_well else "unhealthy"
        return replace(found, state=state, detail=health.detail or "not ours to supervise")
    if process is None:
        return found
    found = replace(found, restarts=looks.restarts.get(service.name))
    if process.pid is None:
        why = process.problem or process.state.lower()
        state = "stopped" if process.state == "STOPPED" else "unhealthy"
        return replace(found, state=state, detail=f"{why}; see `{service.log}`")
    started = datetime.fromtimestamp(process.started, UTC)
    found = replace(found, pid=process.pid, since=started, detail="")
    health = look(service, settings, process, looks)
    was_well = looks.well.get(service.name) == process.pid
    age_s = (datetime.now(UTC) - started).total_seconds()
    if health.is_well:
        state = "healthy"
    else:
        state = "starting" if not was_well and age_s < service.start_s else "unhealthy"
    return replace(found, state=state, detail=health.detail)
