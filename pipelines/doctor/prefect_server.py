"""Prefect's server: whether it answers, is new enough, and has somebody who works for it."""

import os
from collections.abc import Iterator
from importlib.metadata import version

import httpx

from pipelines.doctor.finding import Finding
from pipelines.settings import Settings
from pipelines.stack.places import POOL, prefect_api_url
from pipelines.stack.status import read_stack

TIMEOUT_S = 5.0


def check_prefect(settings: Settings) -> Iterator[Finding]:
    """Ask the server that is named, or the one that `serloop up` runs."""
    named = os.environ.get("PREFECT_API_URL")
    address = named or _find_own(settings)
    if address is None:
        yield Finding(
            "prefect server",
            "note",
            "PREFECT_API_URL is not set: stages run directly",
            "start one with `serloop up` and set it to see runs in a UI",
        )
        return
    try:
        with httpx.Client(base_url=f"{address.rstrip('/')}/", timeout=TIMEOUT_S) as client:
            client.get("health").raise_for_status()
            yield _compare_versions(address, client.get("admin/version").json())
            yield from _check_pool(client)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        yield Finding(
            "prefect server",
            "broken",
            f"{address} does not answer: {error}",
            "start it, correct PREFECT_API_URL, or unset it to run directly",
        )


def _find_own(settings: Settings) -> str | None:
    states = {service.name: service.state for service in read_stack(settings)}
    return prefect_api_url(settings) if states.get("prefect") == "healthy" else None


def _compare_versions(address: str, theirs: str) -> Finding:
    ours = version("prefect")
    if _numbers(theirs) < _numbers(ours):
        return Finding(
            "prefect server",
            "broken",
            f"{address} is Prefect {theirs}, older than ours, {ours}",
            f"upgrade the server to {ours} or newer: an older one may not know what we ask",
        )
    return Finding("prefect server", "ok", f"{address}, Prefect {theirs}")


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2])


def _check_pool(client: httpx.Client) -> Iterator[Finding]:
    answer = client.get(f"work_pools/{POOL}")
    if answer.status_code == httpx.codes.NOT_FOUND:
        yield Finding(
            "work pool",
            "note",
            f"there is no pool `{POOL}`: nothing runs by itself",
            "run `serloop deploy`, or `serloop up`",
        )
        return
    pool = answer.raise_for_status().json()
    if pool.get("is_paused"):
        yield Finding(
            "work pool",
            "broken",
            f"`{POOL}` is paused: nothing scheduled runs",
            f"run `prefect work-pool resume {POOL}`",
        )
    elif pool.get("status") != "READY":
        yield Finding(
            "work pool",
            "broken",
            f"no worker has reported to `{POOL}` lately: nothing scheduled runs",
            f"run `serloop up`, or `prefect worker start --pool {POOL}`",
        )
    else:
        yield Finding("work pool", "ok", f"`{POOL}` has a worker")
