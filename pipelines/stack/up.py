"""Run every service, and have them know of one another; doing it again changes nothing."""

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from annotation.errors import AnnotationError
from pipelines.errors import PipelineError
from pipelines.gateway.connecting import connect_campaign
from pipelines.gateway.places import find_gateway_places
from pipelines.gateway.work import read_campaigns
from pipelines.label_studio.identity import ensure_login
from pipelines.label_studio.logs import read_tail
from pipelines.label_studio.places import find_places, own_url
from pipelines.label_studio.waiting import check_identity
from pipelines.progress import Progress, SilentProgress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.stack import supervisor
from pipelines.stack.looks import read_looks
from pipelines.stack.places import (
    SERLOOP,
    StackPlaces,
    build_prefect_variables,
    find_stack_places,
)
from pipelines.stack.services import plan_services
from pipelines.stack.status import ServiceStatus, read_stack
from pipelines.stack.turn import take_turn

START_S = 900.0
POLL_S = 0.5
DEPLOY_S = 180.0
IDENTITY_S = 60.0
# A service that ended so often while it started will not come by waiting.
TRIES = 4


@dataclass(frozen=True)
class UpResult:
    """What runs now.

    Args:
        services: How each service is.
        keys: File of the gateway's password.
        problems: What could not be done although all of them run, one sentence each.
    """

    services: tuple[ServiceStatus, ...]
    keys: Path
    problems: tuple[str, ...] = ()

    def rows(self) -> Sequence[Row]:
        """Return one row per service."""
        return [item.row() for item in self.services]

    def next_steps(self) -> Sequence[str]:
        """Return what to do now, a line each."""
        url = {item.name: item.url for item in self.services}
        return (
            f"schedules and runs:  {url['prefect']}",
            f"labelling:           {url['label-studio']}",
            f"how everything is:   {url['gateway']}/ or `serloop services status`",
            f"logins:              `serloop label-studio status --show-login`; {self.keys}",
            "next:                `serloop round CORPUS` asks, `serloop down` ends all of this",
        )


def up(settings: Settings, progress: Progress, *, timeout_s: float = START_S) -> UpResult:
    """Start what does not run, wait until all is well, and tell Prefect and Label Studio.

    Args:
        settings: Which services, and where.
        progress: Where is shown what is waited for.
        timeout_s: Seconds to wait for all services together.

    Raises:
        PipelineError: A port is taken, the services run as other settings say, one does not
            become well, or the deployments cannot be told to Prefect.
        LabelStudioServerError: Label Studio refuses.
    """
    places = find_stack_places(settings)
    with take_turn(places):
        supervisor.start(settings, progress)
        found = _wait(settings, places, progress, timeout_s)
        _check_login(settings)
        _deploy(settings)
        keys = find_gateway_places(settings).keys
        problems = [*_find_absent(found, settings), *_connect_campaigns(settings)]
        return UpResult(found, keys, tuple(problems))


def _wait(
    settings: Settings, places: StackPlaces, progress: Progress, timeout_s: float
) -> tuple[ServiceStatus, ...]:
    """Return once every service is well."""
    deadline = time.monotonic() + timeout_s
    tries: dict[str, set[int | None]] = {}
    ours = {item.name for item in plan_services(settings) if item.is_ours}
    with progress.track("start services", len(plan_services(settings)), "services") as advance:
        done = 0
        while True:
            found = read_stack(settings)
            left = [item for item in found if item.name in ours and item.state != "healthy"]
            names = ", ".join(item.name for item in left)
            advance(len(found) - len(left) - done, note=f"waiting for {names}" if left else "ready")
            done = len(found) - len(left)
            if not left:
                return found
            for item in left:
                tries.setdefault(item.name, set()).add(item.pid)
                _wake_watch(item, places)
            stuck = [item for item in left if len(tries[item.name] - {None}) >= TRIES]
            if stuck or time.monotonic() >= deadline:
                raise PipelineError(_explain((stuck or left)[0], settings))
            time.sleep(POLL_S)


def _wake_watch(found: ServiceStatus, places: StackPlaces) -> None:
    """End a watch that hangs, which nobody else would notice."""
    is_hung = found.state == "unhealthy" and not read_looks(places.looks).is_fresh()
    if found.name == "watch" and found.pid is not None and is_hung:
        supervisor.end_one(found.pid)


def _explain(found: ServiceStatus, settings: Settings) -> str:
    service = next(item for item in plan_services(settings) if item.name == found.name)
    lines = read_tail(service.log, 20) if service.log.exists() else []
    words = next((line.strip() for line in reversed(lines) if line.strip()), "nothing")
    return (
        f"{found.name} is {found.state}: {found.detail}; it printed last `{words}`; `serloop "
        f"services logs {found.name}` shows more, and `serloop down` ends everything"
    )


def _check_login(settings: Settings) -> None:
    """Make sure that our own Label Studio knows us; its database may be somebody else's."""
    if settings.label_studio.url is None:
        login = ensure_login(find_places(settings).login, settings.label_studio.username)
        check_identity(own_url(settings), login, timeout_s=IDENTITY_S)


def _deploy(settings: Settings) -> None:
    # Prefect reads its environment once, when it is imported, so this takes another process.
    home = str(find_stack_places(settings).home)
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [*SERLOOP, "deploy", "--home", home, "--json"],
        env=build_prefect_variables(settings),
        capture_output=True,
        text=True,
        timeout=DEPLOY_S,
        check=False,
    )
    if done.returncode:
        words = [*done.stderr.strip().splitlines(), f"exit code {done.returncode}"]
        reason = next((line for line in words if line.startswith("error: ")), words[-1])
        raise PipelineError(
            f"the services run, but their schedules are not deployed: "
            f"{reason.removeprefix('error: ')}; then run `serloop up` again"
        )


def _find_absent(found: Sequence[ServiceStatus], settings: Settings) -> list[str]:
    """Return what is said of services that are somebody else's, and not well."""
    others = {item.name for item in plan_services(settings) if not item.is_ours}
    absent = [item for item in found if item.name in others and item.state != "healthy"]
    return [
        f"{item.name}, which is not ours to start, is not well: {item.detail}" for item in absent
    ]


def _connect_campaigns(settings: Settings) -> list[str]:
    """Have the projects there are wake the gateway; return what could not be done."""
    problems = []
    for work in read_campaigns(settings):
        try:
            connect_campaign(settings, SilentProgress(), campaign=work.campaign)
        except (PipelineError, AnnotationError) as error:
            # Answers of this campaign are found by looking, once a minute.
            problems.append(f"campaign `{work.campaign}` does not wake the gateway: {error}")
    return problems
