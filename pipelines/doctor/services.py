"""The services of this machine and Label Studio: who runs, who should, and who is in the way."""

import ipaddress
from collections.abc import Iterator

from annotation.errors import AnnotationError
from pipelines.doctor.finding import Finding
from pipelines.errors import PipelineError
from pipelines.gateway.places import find_gateway_places
from pipelines.label_studio.places import find_places
from pipelines.label_studio.ports import refuse_busy_port
from pipelines.label_studio.process import is_claimed
from pipelines.label_studio.status import read_status
from pipelines.settings import Settings
from pipelines.stack.services import plan_services
from pipelines.stack.status import read_stack


def check_services(settings: Settings) -> Iterator[Finding]:
    """Look at what `serloop up` runs, and whether its ports are free where nothing runs."""
    planned = {service.name: service for service in plan_services(settings)}
    by_hand = {
        "gateway": find_gateway_places(settings).lock,
        "label-studio": find_places(settings).lock,
    }
    stopped = []
    for found in read_stack(settings):
        service = planned[found.name]
        if found.state == "healthy":
            yield Finding(found.name, "ok", found.url or "runs")
        elif found.state == "starting":
            yield Finding(found.name, "note", f"is starting; {found.detail}", "wait a little")
        elif not service.is_ours:
            continue
        elif found.state == "unhealthy":
            remedy = f"see `{service.log}`, and run `serloop up`"
            yield Finding(found.name, "broken", found.detail, remedy)
        elif found.name in by_hand and is_claimed(by_hand[found.name]):
            yield Finding(found.name, "ok", f"{found.url}, started by hand")
        else:
            stopped.append(found.name)
            yield from _check_port(found.name, service.port, service.variable)
    if stopped:
        yield Finding(
            "services", "note", f"not running: {', '.join(stopped)}", "`serloop up` starts them"
        )


def _check_port(name: str, port: int | None, variable: str) -> Iterator[Finding]:
    if port is None:
        return
    try:
        refuse_busy_port(port)
    except PipelineError:
        # Prefect's default port is often that of a server of one's own.
        yield Finding(
            f"port of {name}",
            "note" if name == "prefect" else "broken",
            f"port {port} is in use by another program",
            f"stop what uses it, or set {variable} to another",
        )


def check_gateway(settings: Settings) -> Iterator[Finding]:
    """Tell who can reach the gateway."""
    host = settings.gateway.host
    try:
        is_near = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_near = False
    if not is_near:
        yield Finding(
            "gateway.host",
            "note",
            f"`{host}` is reached from other machines, and passwords travel as they are",
            "put a proxy with TLS before it and name its address in SERLOOP_GATEWAY__URL, or "
            "leave SERLOOP_GATEWAY__HOST at 127.0.0.1",
        )


def check_label_studio(settings: Settings) -> Iterator[Finding]:
    """Ask the Label Studio that a setting names, or our own where it runs, who we are."""
    if settings.label_studio.url is None and not is_claimed(find_places(settings).lock):
        return
    try:
        found = read_status(settings)
    except (PipelineError, AnnotationError) as error:
        remedy = "set SERLOOP_LABEL_STUDIO__URL and SERLOOP_LABEL_STUDIO__TOKEN"
        yield Finding("label studio", "broken", str(error), remedy)
        return
    if found.is_running:
        detail = f"{found.url}, version {found.version}, as {found.user}"
        yield Finding("label studio", "ok", detail)
    elif found.state == "refused":
        yield Finding(
            "label studio",
            "broken",
            f"{found.url} refuses our token: {found.detail}",
            "copy a token from its page Account & Settings to SERLOOP_LABEL_STUDIO__TOKEN",
        )
    else:
        yield Finding(
            "label studio",
            "broken" if found.state == "not answering" else "note",
            f"{found.url} is {found.state}: {found.detail}",
            "start it, or correct SERLOOP_LABEL_STUDIO__URL",
        )
