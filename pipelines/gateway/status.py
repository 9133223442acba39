"""How the gateway is, for a person or a monitor."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request

from pipelines.gateway.access import Guard
from pipelines.gateway.book import WakeBook
from pipelines.gateway.dispatcher import Dispatcher
from pipelines.gateway.wakes import Name, Wake
from pipelines.gateway.work import Work


def create_status_router(guard: Guard, book: WakeBook, dispatcher: Dispatcher) -> APIRouter:
    """Return what says whether it runs (to anybody), and what it does (with the password).

    Args:
        guard: Who may come in.
        book: What was told.
        dispatcher: What is known and being done.
    """
    router = APIRouter()

    @router.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "UP"}

    @router.get("/status")
    async def status(request: Request) -> dict[str, Any]:
        guard.require_password(request)
        return describe(book.wakes, dispatcher.campaigns, dispatcher.running)

    return router


def describe(
    wakes: Mapping[Name, Wake], campaigns: Collection[Work], running: Collection[Work]
) -> dict[str, Any]:
    """Return the whole state as JSON.

    Args:
        wakes: What was told.
        campaigns: What is known, one `collect` each.
        running: What is being done.
    """
    found = []
    for work in campaigns:
        told = [wakes[name] for project in work.projects for name in _names(project, wakes)]
        collected = [wake.done_at for wake in told if wake.kind == "collect" and wake.done_at]
        found.append(
            {
                "campaign": work.campaign,
                "project": work.projects[-1],
                "waiting": sum(wake.waiting for wake in told),
                "collected_at": _moment(max(collected)) if collected else None,
                "failures": [
                    {"kind": wake.kind, "attempts": wake.attempts, "reason": wake.failure}
                    for wake in told
                    if wake.failure is not None
                ],
            }
        )
    return {
        "waiting": sum(wake.waiting for wake in wakes.values()),
        "running": [{"kind": work.kind, "campaign": work.campaign} for work in running],
        "campaigns": found,
        "told": [asdict(wakes[name]) for name in sorted(wakes)],
    }


def _names(project: str, wakes: Mapping[Name, Wake]) -> list[Name]:
    return [name for name in sorted(wakes) if name.project == project]


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
