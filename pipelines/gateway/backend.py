"""The model backend that Label Studio speaks with: predictions, and 'Start training'.

Its requests bring tokens of the server's owner and passwords of the audio; they are dropped
unread: no body of theirs is stored, logged or repeated.
"""

import asyncio
import logging
from typing import Any

from fastapi import APIRouter, HTTPException, Request

from annotation.errors import LabelStudioError
from annotation.label_studio.backend import build_answer, read_asked
from annotation.label_studio.webhooks import ANSWERED, START_TRAINING
from pipelines.gateway.access import Guard, read_body, read_json
from pipelines.gateway.book import WakeBook
from pipelines.gateway.dispatcher import Dispatcher
from pipelines.gateway.opinions import NO_MODEL, read_opinions, read_versions
from pipelines.gateway.places import BACKEND_PATH
from pipelines.gateway.webhooks import note, parse
from pipelines.settings import Settings

logger = logging.getLogger(__name__)

# A batch request holds every task that was chosen, 0.5 to 2 kB each.
LARGEST_BATCH = 32 * 1_048_576


def create_backend_router(
    settings: Settings, guard: Guard, book: WakeBook, dispatcher: Dispatcher
) -> APIRouter:
    """Return the model backend of every project, below `/ml/<project>`.

    Connected by hand below `/ml`, without a project, it knows no prediction, and a round only by
    the project that 'Start training' names.

    Args:
        settings: Where the warehouse is.
        guard: Who may come in.
        book: Where is noted that a round is wanted.
        dispatcher: Knows what is being done.
    """
    doors = _Doors(settings, guard, book, dispatcher)
    router = APIRouter()
    for place in (BACKEND_PATH, BACKEND_PATH + "/{project}"):
        router.add_api_route(f"{place}/health", doors.health, methods=["GET"])
        router.add_api_route(f"{place}/setup", doors.setup, methods=["POST"])
        router.add_api_route(f"{place}/versions", doors.versions, methods=["GET"])
        router.add_api_route(f"{place}/predict", doors.predict, methods=["POST"])
        router.add_api_route(f"{place}/webhook", doors.webhook, methods=["POST"], status_code=201)
    return router


class _Doors:
    def __init__(
        self, settings: Settings, guard: Guard, book: WakeBook, dispatcher: Dispatcher
    ) -> None:
        self._settings = settings
        self._guard = guard
        self._book = book
        self._dispatcher = dispatcher

    async def health(self, request: Request) -> dict[str, str]:
        self._guard.require_password(request)
        return {"status": "UP"}

    async def setup(self, request: Request, project: str | None = None) -> dict[str, str]:
        self._guard.require_password(request)
        await read_body(request, self._settings.gateway.largest_body)
        versions = await asyncio.to_thread(read_versions, self._settings, project)
        return {"model_version": versions[0] if versions else NO_MODEL}

    async def versions(self, request: Request, project: str | None = None) -> dict[str, list[str]]:
        self._guard.require_password(request)
        return {"versions": list(await asyncio.to_thread(read_versions, self._settings, project))}

    async def predict(self, request: Request, project: str | None = None) -> dict[str, Any]:
        self._guard.require_password(request)
        said = await read_json(request, LARGEST_BATCH)
        try:
            asked = read_asked(said)
        except LabelStudioError as error:
            raise HTTPException(422, str(error)) from error
        model, opinions = await asyncio.to_thread(read_opinions, self._settings, project, asked)
        return build_answer(asked, opinions, model_version=model)

    async def webhook(self, request: Request, project: str | None = None) -> dict[str, Any]:
        # Not with the secret of webhooks: every user of a Label Studio may read that one there.
        self._guard.require_password(request)
        event = parse(await read_json(request, self._settings.gateway.largest_body), project)
        if event.action in ANSWERED:
            return {"queued": await note(self._book, "collect", event)}
        if event.action != START_TRAINING:
            return {"queued": False}
        queued = await note(self._book, "round", event)
        logger.info("a round is asked for by project `%s`", event.project)
        is_running = any(
            work.kind == "round" and event.project in work.projects
            for work in self._dispatcher.running
        )
        return {"queued": queued, "detail": "runs already" if is_running else "will be run"}
