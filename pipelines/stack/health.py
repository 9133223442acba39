"""Ask a service whether it is well, as those who use it would."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

from pipelines.settings import Settings
from pipelines.stack.control import Process
from pipelines.stack.looks import Looks
from pipelines.stack.places import HEARTBEAT_S, POOL, prefect_api_url
from pipelines.stack.services import Service

ASK_S = 3.0
# A worker that missed so many of its own heartbeats is not there.
MISSED = 3


@dataclass(frozen=True)
class Health:
    """How a service is.

    Args:
        is_well: Whether it does what it is for; None if that cannot be told.
        detail: What is wrong; empty if nothing is.
    """

    is_well: bool | None
    detail: str = ""


def look(
    service: Service,
    settings: Settings,
    process: Process | None = None,
    looks: Looks | None = None,
    *,
    timeout_s: float = ASK_S,
) -> Health:
    """Look at one service.

    Args:
        service: Which.
        settings: Where Prefect's server is, which knows how its worker is.
        process: The process that should be it; None for a service that is not ours.
        looks: What the watch saw, which tells how the watch itself is.
        timeout_s: Seconds to wait for an answer.
    """
    if service.health is not None:
        return _ask(service.health, timeout_s)
    started = process.started if process else time.time()
    if service.name == "watch":
        is_fresh = looks is not None and looks.at >= started and looks.is_fresh()
        return Health(is_fresh, "" if is_fresh else "has not looked at the others")
    return _look_at_worker(prefect_api_url(settings), started, timeout_s)


def _ask(url: str, timeout_s: float) -> Health:
    try:
        _fetch(url, timeout_s)
    except (OSError, HTTPException, ValueError) as error:
        return Health(False, f"no answer at {url}: {getattr(error, 'reason', error)}")
    return Health(True)


def _look_at_worker(api: str, started: float, timeout_s: float) -> Health:
    """Read when the worker told Prefect last that it is there."""
    try:
        known = _fetch(f"{api}/work_pools/{POOL}/workers/filter", timeout_s, {"limit": 50})
        beats = [datetime.fromisoformat(item["last_heartbeat_time"]).timestamp() for item in known]
    except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
        # There is no pool before the first worker has made it.
        if getattr(error, "code", None) == 404:
            return Health(False, "has not reported yet")
        return Health(None, "Prefect's server cannot say")
    last = max(beats, default=0.0)
    # Its clock has whole seconds.
    if last < started - 1:
        return Health(False, "has not reported yet")
    silent_s = time.time() - last
    if silent_s > MISSED * HEARTBEAT_S:
        return Health(False, f"has not reported for {silent_s:.0f} s")
    return Health(True)


def _fetch(url: str, timeout_s: float, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON is anything
    data = json.dumps(body).encode() if body is not None else None
    request = Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - of a setting
    # A proxy that the environment names does not lead to this machine.
    with build_opener(ProxyHandler({})).open(request, timeout=timeout_s) as answer:
        return json.loads(answer.read())
