"""The status page, for a person with the password."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from pipelines.gateway.access import Guard
from pipelines.observe.overview import Overview
from pipelines.observe.page import render_status
from pipelines.people.pages import HEADERS
from pipelines.settings import Settings

# Of a page that runs nothing, sends nothing, and is shown within no other.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE_HEADERS = {**HEADERS, "Content-Security-Policy": POLICY}


def create_page_router(
    settings: Settings,
    guard: Guard,
    look: Callable[[], Overview],
    describe: Callable[[], Mapping[str, Any]],
) -> APIRouter:
    """Return the status page, at `/`.

    Args:
        settings: Whose clock, and how many votes make a round.
        guard: Who may come in.
        look: Gives what there is to see.
        describe: Gives what the gateway says of itself.
    """
    router = APIRouter()

    @router.get("/", response_class=HTMLResponse)
    async def page(request: Request) -> HTMLResponse:
        guard.require_password(request)
        overview = await asyncio.to_thread(look)
        return HTMLResponse(render_status(overview, describe(), settings), headers=PAGE_HEADERS)

    return router
