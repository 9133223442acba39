"""Whether the services find their ports free, asked before any of them is started."""

import socket
from collections.abc import Mapping, Sequence

from pipelines.errors import PipelineError
from pipelines.settings import Settings
from pipelines.stack.places import HOST
from pipelines.stack.services import Service, plan_services

CONNECT_S = 1.0


def refuse_busy_ports(settings: Settings) -> None:
    """Refuse ports that something listens on, that may not be used, or that two services want.

    Args:
        settings: The ports.

    Raises:
        PipelineError: If there is any, naming all of them with the setting of each.
    """
    # The others listen on this machine alone; the gateway may be told otherwise.
    hosts = {"gateway": settings.gateway.host}
    problems = find_conflicts([item for item in plan_services(settings) if item.is_ours], hosts)
    if problems:
        raise PipelineError(f"{'; '.join(problems)}; nothing was started")


def find_conflicts(services: Sequence[Service], hosts: Mapping[str, str]) -> list[str]:
    """Return what keeps services from their ports, in words.

    Args:
        services: Those to be started.
        hosts: Addresses that some listen on; the others do on 127.0.0.1.
    """
    wanted: dict[int, Service] = {}
    problems = []
    for service in services:
        if service.port is None:
            continue
        other = wanted.setdefault(service.port, service)
        if other is not service:
            problem = f"wanted by {other.name}, too; set {service.variable} to another"
        else:
            problem = _find_problem(hosts.get(service.name, HOST), service)
        if problem:
            problems.append(f"port {service.port} of {service.name} is {problem}")
    return problems


def _find_problem(host: str, service: Service) -> str:
    port = service.port or 0
    remedy = f"stop what uses it, or set {service.variable} to another"
    with socket.socket() as probe:
        probe.settimeout(CONNECT_S)
        if probe.connect_ex((HOST, port)) == 0:
            return f"in use by another program; {remedy}"
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            # Connections of a server that has just ended linger, and hinder nobody.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return f"not to be had: {error.strerror}; {remedy}"
    return ""
