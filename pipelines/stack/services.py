"""The services of one machine, in the order in which they need one another."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipelines.gateway.places import EVERY_ADDRESS, people_url
from pipelines.label_studio.places import find_places, own_url
from pipelines.settings import Settings
from pipelines.stack.places import find_stack_places, prefect_api_url, prefect_url

Name = Literal["prefect", "worker", "label-studio", "gateway", "watch"]


@dataclass(frozen=True)
class Service:
    """One service.

    Args:
        name: What it is called.
        url: Where people reach it; None where they do not.
        health: Address that answers where it is well; None if that is told otherwise.
        log: What it prints.
        port: Port of this machine that it listens on.
        variable: Environment variable that sets this port.
        start_s: Seconds it may take to answer for the first time.
        is_ours: Whether it is supervised; false for a Label Studio that runs elsewhere.
    """

    name: Name
    url: str | None
    health: str | None
    log: Path
    port: int | None = None
    variable: str = ""
    start_s: float = 120.0
    is_ours: bool = True


def plan_services(settings: Settings) -> tuple[Service, ...]:
    """Return the services that belong to a machine; nothing is started.

    Args:
        settings: Ports, and whether there is a Label Studio already.

    Example:
        >>> [service.name for service in plan_services(Settings())]
        ['prefect', 'worker', 'label-studio', 'gateway', 'watch']
    """
    logs = find_stack_places(settings).logs
    return (
        Service(
            "prefect",
            prefect_url(settings),
            f"{prefect_api_url(settings)}/health",
            logs / "prefect.log",
            settings.stack.prefect_port,
            "SERLOOP_STACK__PREFECT_PORT",
        ),
        Service("worker", None, None, logs / "worker.log"),
        _label_studio(settings),
        Service(
            "gateway",
            people_url(settings),
            f"{_own_gateway(settings)}/health",
            logs / "gateway.log",
            settings.gateway.port,
            "SERLOOP_GATEWAY__PORT",
        ),
        Service("watch", None, None, logs / "watch.log"),
    )


def _label_studio(settings: Settings) -> Service:
    # `serloop label-studio logs` shows the same file.
    log = find_places(settings).log
    url = settings.label_studio.url
    if url is not None:
        url = url.rstrip("/")
        return Service("label-studio", url, f"{url}/health", log, is_ours=False)
    port, url = settings.label_studio.port, own_url(settings)
    variable = "SERLOOP_LABEL_STUDIO__PORT"
    # The first start makes a database.
    return Service("label-studio", url, f"{url}/health", log, port, variable, start_s=600.0)


def _own_gateway(settings: Settings) -> str:
    """Return its address on this machine: the one it has for others may lead through a proxy."""
    given = settings.gateway
    host = EVERY_ADDRESS.get(given.host, given.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{given.port}"
