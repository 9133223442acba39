"""All there is to see, looked at anew when the last look is old; none of it fails the page."""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock, Thread
from typing import Any, TypeVar

from annotation.errors import AnnotationError
from pipelines.deployment.due import OpenRound, read_open
from pipelines.errors import PipelineError
from pipelines.observe.facts import Facts, read_facts
from pipelines.observe.prefect_server import Orchestration, PrefectServer
from pipelines.round_lock import is_running
from pipelines.settings import Settings
from pipelines.stack.places import prefect_api_url
from pipelines.stack.status import ServiceStatus, read_stack
from ser.errors import SerError
from warehouse.errors import WarehouseError

EXPECTED = (PipelineError, SerError, AnnotationError, WarehouseError, OSError)
# Who reloads a page, and Prometheus, which asks every 15 s or so, cost one look.
FRESH_S = 10.0
# Older than that it is not worth showing, and whoever asks waits for a new one.
STALE_S = 60.0
# Where nothing was committed, only time makes a round due.
ROUNDS_FRESH_S = 60.0
PREFECT = "prefect"
T = TypeVar("T")


@dataclass(frozen=True)
class Disk:
    """The disk that the home lies on.

    Args:
        free: Bytes.
        total: Bytes.
    """

    free: int
    total: int


@dataclass(frozen=True)
class Overview:
    """One look at everything.

    Args:
        at: When.
        services: What `serloop up` runs, or would run.
        orchestration: What Prefect says; None if no server is known, or it does not answer.
        facts: What the warehouse says; None if it cannot be read.
        rounds: Where the latest round of each campaign stands.
        rounds_at: When that was read.
        making: Campaigns of which a round is being made on this machine.
        disk: Where the home is.
        errors: Why something is missing, by what it is.
    """

    at: datetime
    services: tuple[ServiceStatus, ...]
    orchestration: Orchestration | None
    facts: Facts | None
    rounds: tuple[OpenRound, ...]
    rounds_at: datetime
    making: frozenset[str]
    disk: Disk
    errors: Mapping[str, str]


class Lookout:
    """Looks at everything, now and then, for the status page and the metrics alike.

    Args:
        settings: Where everything is.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._last: Overview | None = None
        self._lock = Lock()
        self._looking = Lock()

    def look(self) -> Overview:
        """Return what there is to see; a look that is some seconds old is renewed meanwhile."""
        now = datetime.now(UTC)
        with self._lock:
            last = self._last
            if last is None or not _is_fresh(last.at, now, STALE_S):
                last = self._last = take_overview(self._settings, now, last)
        if not _is_fresh(last.at, now, FRESH_S) and self._looking.acquire(blocking=False):
            Thread(target=self._renew, args=(last,), daemon=True).start()
        return last

    def _renew(self, last: Overview) -> None:
        try:
            self._last = take_overview(self._settings, datetime.now(UTC), last)
        finally:
            self._looking.release()


def take_overview(settings: Settings, now: datetime, last: Overview | None = None) -> Overview:
    """Look at everything; what cannot be seen is told, not raised.

    Args:
        settings: Where everything is.
        now: The time.
        last: The look before, which saves reading what has not changed since.
    """
    errors: dict[str, str] = {}
    services = _try(errors, "services", lambda: read_stack(settings)) or ()
    url = find_prefect(settings, services)
    known = last.facts if last else None
    facts = _try(errors, "warehouse", lambda: read_facts(settings, now, known))
    rounds, rounds_at = tuple[OpenRound, ...](), now
    if last is not None and facts is known and _is_fresh(last.rounds_at, now, ROUNDS_FRESH_S):
        rounds, rounds_at = last.rounds, last.rounds_at
    elif facts is not None:
        rounds = _try(errors, "rounds", lambda: read_open(settings, now)) or ()
    server = PrefectServer(url) if url else None
    return Overview(
        at=now,
        services=services,
        orchestration=_try(errors, PREFECT, lambda: server.look(now)) if server else None,
        facts=facts,
        rounds=rounds,
        rounds_at=rounds_at,
        making=frozenset(item.campaign for item in rounds if is_running(settings, item.campaign)),
        disk=measure_disk(settings.home),
        errors=errors,
    )


def _try(errors: dict[str, str], what: str, read: Callable[[], T]) -> T | None:
    try:
        return read()
    except EXPECTED as error:
        errors[what] = str(error)
        return None


def find_prefect(settings: Settings, services: tuple[ServiceStatus, ...]) -> str | None:
    """Return the API of the server that runs flows; None where none is known.

    Args:
        settings: Where the stack's own is.
        services: What runs of the stack.
    """
    given = os.environ.get("PREFECT_API_URL")
    if given:
        return given
    is_ours = any(PREFECT in item.name and item.state == "healthy" for item in services)
    return prefect_api_url(settings) if is_ours else None


def measure_disk(home: Path) -> Disk:
    """Return how full the disk is that a folder lies on, or will.

    Args:
        home: The folder; it need not be there.
    """
    place = home.absolute()
    while not place.exists():
        place = place.parent
    found: Any = shutil.disk_usage(place)
    return Disk(found.free, found.total)


def _is_fresh(at: datetime, now: datetime, patience_s: float) -> bool:
    # Also in the future: the clock was set back.
    return 0 <= (now - at).total_seconds() < patience_s
