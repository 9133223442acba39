"""The application: every door of a server, and what is behind them."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from pipelines.serving.answers import Model, describe_model
from pipelines.serving.batching import Batcher
from pipelines.serving.keys import KeyRing, key_file
from pipelines.serving.limits import Bodies, Guard, Rates, Refusal, Room
from pipelines.serving.load import Loaded
from pipelines.serving.meters import Meters
from pipelines.serving.page.routes import live_router
from pipelines.serving.recordings import Desk, create_recordings_router
from pipelines.serving.streams import Streams, create_streams_router
from pipelines.serving.swap import Champion
from pipelines.settings import Settings
from pipelines.web.requests import Measured

MB = 1_000_000
ABOUT = """Speech emotion recognition. Recordings go to `POST /v1/recognise`; a stream goes through
the WebSocket `/v1/stream`, where sound is sent in binary messages and answers come four times a
second. Both take `speaker` and `group` in the address. Where the server has keys, show one as
`Authorization: Bearer …`."""


class ServingState:
    """What a server knows and has.

    Args:
        settings: What it takes and refuses, and the home.
        champion: What answers.
        meters: Are told.
    """

    def __init__(self, settings: Settings, champion: Champion, meters: Meters) -> None:
        given = settings.serving
        threads = os.cpu_count() or 1
        self.settings = settings
        self.champion = champion
        self.meters = meters
        self.guard = Guard(KeyRing(key_file(settings)), Rates(given.requests_per_min), given.host)
        self.batcher = Batcher(
            most_clips=given.batch_clips,
            wait_s=given.batch_wait_ms / 1000,
            judges=threads,
            meters=meters,
        )
        self.decoders = ThreadPoolExecutor(threads, "decode")
        self.ears = ThreadPoolExecutor(threads, "listen")
        self.room = Room(given.queue, lambda: self.batcher.clip_s)
        self.bodies = Bodies(round(given.largest_mb * MB), given.idle_s)
        self.streams = Streams(
            champion=champion,
            batcher=self.batcher,
            guard=self.guard,
            ears=self.ears,
            meters=meters,
            most=given.streams,
            idle_s=given.idle_s,
        )
        meters.watch("clips_inside", "Clips decoded, waiting or judged.", lambda: self.room.taken)
        meters.watch("body_bytes", "Bytes of bodies in memory.", lambda: self.bodies.held)
        meters.watch("streams", "Streams that are heard.", lambda: len(self.streams.open))

    @property
    def loaded(self) -> Loaded:
        """What answers at this moment; it may be another one the next time."""
        return self.champion.loaded

    @property
    def is_stopping(self) -> bool:
        """Whether the server takes nothing new."""
        return self.streams.is_stopping

    def close(self) -> None:
        """Judge what waits, and end all threads."""
        self.batcher.close()
        for pool in (self.decoders, self.ears):
            pool.shutdown(cancel_futures=True)


def create_app(state: ServingState) -> FastAPI:
    """Return the application.

    Args:
        state: What is behind its doors.
    """
    # Pages that show a description load scripts of other sites; /openapi.json suits any of them.
    app = FastAPI(
        title="serloop",
        version=version("serloop"),
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
    )
    desk = Desk(
        champion=state.champion,
        batcher=state.batcher,
        guard=state.guard,
        bodies=state.bodies,
        room=state.room,
        decoders=state.decoders,
        most_files=state.settings.serving.batch_clips,
        longest_s=state.settings.serving.longest_s,
    )
    app.include_router(create_recordings_router(desk))
    app.include_router(create_streams_router(state.streams))
    app.include_router(live_router(state))
    _add_looks(app, state)

    @app.exception_handler(Refusal)
    async def refuse(_: Request, refusal: Refusal) -> JSONResponse:
        state.meters.refused.labels(refusal.reason).inc()
        return JSONResponse({"detail": refusal.detail}, refusal.status_code, refusal.headers)

    app.add_middleware(Measured, tell=state.meters.tell_request)
    return app


def _add_looks(app: FastAPI, state: ServingState) -> None:
    @app.get("/v1/model", summary="What answers")
    async def model(request: Request) -> Model:
        state.guard.check_origin(request.headers)
        state.guard.name_caller(request.headers)
        return describe_model(state.loaded)

    @app.get("/health", summary="Whether it answers", responses={503: {"description": "Stopping."}})
    async def health() -> JSONResponse:
        said = "stopping" if state.is_stopping else "ok"
        return JSONResponse({"status": said}, 503 if state.is_stopping else 200)

    @app.get("/metrics", summary="Counts for Prometheus", response_class=Response)
    async def metrics(request: Request) -> Response:
        state.guard.check_origin(request.headers)
        state.guard.name_caller(request.headers)
        accept = request.headers.get("Accept", "")
        text, kind = await asyncio.to_thread(state.meters.write, accept)
        return Response(text, headers={"Content-Type": kind, "Cache-Control": "no-store"})
