"""The doors of the live page: itself, its few files, and the desk that takes corrections.

The page opens the WebSocket `STREAM` of the server that mounts it; this router has none.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from pipelines.serving.corrections import Desk, Noted, RefusedError
from pipelines.serving.limits import Bodies, Guard, Refusal
from pipelines.serving.load import Loaded
from pipelines.serving.page.record import MalformedError, read_request
from pipelines.serving.page.render import FILES, read_file, render_page
from pipelines.settings import Settings

STREAM = "/v1/stream"
# Everything comes from this server, and nothing is written into the page itself.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "microphone=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
RETRY_S = 5


class LiveState(Protocol):
    """What the page must know of the server that mounts it."""

    @property
    def settings(self) -> Settings:
        """Return where the warehouse is, and whether sounds may be kept."""

    @property
    def loaded(self) -> Loaded:
        """Return what answers at this moment; it may be another one the next time."""

    @property
    def guard(self) -> Guard:
        """Return who lets callers in."""

    @property
    def bodies(self) -> Bodies:
        """Return who reads what they bring."""


def live_router(state: LiveState) -> APIRouter:
    """Return the page at `/live` and the desk at `/live/corrections`.

    Mounting it is enough: with the application starts, and with it ends, the writer of corrections.
    The page is shown without a key, and asks for one where the server needs it; the desk takes
    corrections from whoever may ask for recognition.

    Args:
        state: What answers, the settings, and who may come in.

    Raises:
        OSError: If corrections of an earlier run cannot be read.
    """
    desk = Desk(state.settings)

    @asynccontextmanager
    async def write(_: FastAPI) -> AsyncIterator[None]:
        writer = asyncio.create_task(desk.run())
        try:
            yield
        finally:
            writer.cancel()
            with suppress(asyncio.CancelledError):
                await writer
            # What cannot be stored now waits on the disk for the next start.
            await desk.store()

    router = APIRouter(lifespan=write, include_in_schema=False)

    @router.get("/live", response_class=HTMLResponse)
    async def page() -> HTMLResponse:
        text = render_page(state.settings, state.loaded, needs_key=state.guard.needs_key)
        return HTMLResponse(text, headers=HEADERS)

    @router.get("/live/{name}", response_model=None)
    async def file(name: str) -> Response:
        if name not in FILES:
            return Response("There is no such file.\n", 404, HEADERS, "text/plain")
        return Response(read_file(name), headers=HEADERS, media_type=FILES[name])

    @router.post("/live/corrections")
    async def correct(request: Request) -> JSONResponse:
        return await _answer(state, desk, request)

    return router


async def _answer(state: LiveState, desk: Desk, request: Request) -> JSONResponse:
    state.guard.check_origin(request.headers)
    state.guard.take(state.guard.name_caller(request.headers))
    # What another site's form can send without asking first is never JSON.
    if request.headers.get("Content-Type", "").partition(";")[0].strip() != "application/json":
        raise Refusal(415, "type", "a correction comes as application/json")
    try:
        async with state.bodies.read(request) as body:
            said = read_request(await asyncio.to_thread(json.loads, body))
        loaded = state.loaded
        do = desk.take if said.label is not None else desk.undo
        noted = await do(said, loaded.recogniser.classes, loaded.model_id)
    except MalformedError as error:
        return _tell(422, "malformed", str(error))
    except (ValueError, RecursionError):
        return _tell(400, "malformed", "the body is no JSON")
    except RefusedError as error:
        return _tell(error.status, error.reason, error.detail)
    except OSError as error:
        return _tell(503, "disk", f"the correction could not be written: {error.strerror}")
    return JSONResponse(_describe(desk, noted), 202, HEADERS)


def _describe(desk: Desk, noted: Noted) -> dict[str, Any]:
    return {"has_sound": noted.has_sound, "waiting": desk.waiting, "trouble": desk.trouble}


def _tell(status: int, reason: str, detail: str) -> JSONResponse:
    headers = HEADERS | ({"Retry-After": str(RETRY_S)} if status == 503 else {})
    return JSONResponse({"reason": reason, "detail": detail}, status, headers)
