"""The door for webhooks: what they tell is on the disk when they are answered, done later."""

import re
import time
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request

from annotation.errors import LabelStudioError
from annotation.label_studio.webhooks import ANSWERED, Event, read_event
from pipelines.gateway.access import Guard, read_json
from pipelines.gateway.book import WakeBook
from pipelines.gateway.places import WEBHOOK_PATH
from pipelines.gateway.wakes import Kind, Name
from pipelines.observe.meters import WEBHOOKS
from pipelines.settings import Settings

PROJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
NOT_NAMED = (
    "the event does not tell which project of serloop it is about; connect the project with "
    "`serloop gateway connect`"
)


def create_webhook_router(settings: Settings, guard: Guard, book: WakeBook) -> APIRouter:
    """Return the door that webhooks of Label Studio are sent to.

    Args:
        settings: How long a body may be.
        guard: Who may come in.
        book: Where is noted what they tell.
    """
    router = APIRouter()

    @router.post(WEBHOOK_PATH, status_code=202)
    async def receive(
        request: Request, project: Annotated[str | None, Query()] = None
    ) -> dict[str, bool]:
        guard.require_webhook(request)
        event = parse(await read_json(request, settings.gateway.largest_body), project)
        # Whoever may send webhooks may not have rounds made: 'Start training' shows a password.
        return {"queued": event.action in ANSWERED and await note(book, "collect", event)}

    return router


def parse(said: object, project: str | None) -> Event:
    """Read an event.

    Args:
        said: The JSON that came.
        project: Key of the project by the address it came to; wins over what the body tells.

    Raises:
        HTTPException: 422 if it is none.
    """
    try:
        event = read_event(said)
    except LabelStudioError as error:
        raise HTTPException(422, str(error)) from error
    return Event(event.action, project or event.project)


async def note(book: WakeBook, kind: Kind, event: Event) -> bool:
    """Note on the disk what an event asks for.

    Returns:
        True.

    Raises:
        HTTPException: 422 if it names no project, 503 if it cannot be written.
    """
    if event.project is None or not PROJECT.fullmatch(event.project):
        raise HTTPException(422, NOT_NAMED)
    now = time.time()
    try:
        await book.enter(Name(kind, event.project), lambda wake: wake.noted(now))
    except OSError as error:
        raise HTTPException(503, f"cannot be noted: {error.strerror or error}") from error
    WEBHOOKS.labels(kind).inc()
    return True
