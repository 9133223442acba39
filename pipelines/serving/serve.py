"""Run a server until it is told to end."""

import asyncio
import logging
import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn

from pipelines.errors import PipelineError
from pipelines.serving.app import ServingState, create_app
from pipelines.serving.doors import MOST_CONNECTIONS, PatientWebSocket, patient_http
from pipelines.serving.keys import key_file, read_keys
from pipelines.serving.limits import LOOPBACK
from pipelines.serving.load import choose, load_bundle_folder, load_choice
from pipelines.serving.meters import Meters
from pipelines.serving.streams import MOST_MESSAGE_BYTES
from pipelines.serving.swap import Champion
from pipelines.settings import Settings
from pipelines.web.listening import Server, configure, listen

logger = logging.getLogger(__name__)

# Streams are told their last moments; the rest of the time to finish is of requests.
STREAMS_END_S = 5.0


def serve(
    settings: Settings,
    *,
    line: str | None = None,
    model_id: str | None = None,
    bundle: Path | None = None,
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Answer until SIGTERM or Ctrl-C, then finish answering, and end.

    Args:
        settings: Where to listen, what to take, and where the warehouse is.
        line: The line whose champion answers, and its successors after it.
        model_id: The model that answers, champion or not.
        bundle: The bundle that answers; no warehouse is read.
        ready: Called with what answers as soon as it listens.

    Raises:
        PipelineError: If the port is taken, there is nothing that could answer, or others than
            this machine were to be served without keys.
    """
    _require_keys(settings)
    # Before a model is loaded, which takes a while.
    with listen(settings.serving.host, settings.serving.port, section="serving") as door:
        meters = Meters()
        champion = _find(settings, meters, line=line, model_id=model_id, bundle=bundle)
        asyncio.run(_run(ServingState(settings, champion, meters), door, ready))


def _find(
    settings: Settings,
    meters: Meters,
    *,
    line: str | None,
    model_id: str | None,
    bundle: Path | None,
) -> Champion:
    from ser.threads import use_threads  # noqa: PLC0415 - loads torch

    # Each judge is a thread of its own; more inside of it would fight over the same cores.
    use_threads(1)
    if sum(given is not None for given in (line, model_id, bundle)) > 1:
        raise PipelineError("give one of a line, a model and a bundle, not several")
    if bundle is not None:
        return Champion(load_bundle_folder(bundle), settings, meters)
    choice = choose(settings, line=line, model_id=model_id)
    loaded = load_choice(settings, choice)
    return Champion(loaded, settings, meters, choice=choice, line=line, model_id=model_id)


def _require_keys(settings: Settings) -> None:
    path = key_file(settings)
    if settings.serving.host not in LOOPBACK and not read_keys(path):
        raise PipelineError(
            f"`{settings.serving.host}` is reached by others than this machine, and there are no "
            "keys; make one with `serloop keys add NAME`, or listen on 127.0.0.1"
        )


class _Server(Server):
    def __init__(
        self, config: uvicorn.Config, state: ServingState, ready: Callable[[], None]
    ) -> None:
        super().__init__(config, ready)
        self._state = state

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take nothing new, tell streams what is left of them, finish requests, and end."""
        for server in self.servers:
            server.close()
        streams = self._state.streams
        streams.stop()
        loop = asyncio.get_running_loop()
        end = loop.time() + min(STREAMS_END_S, self._state.settings.serving.drain_s)
        while streams.open and loop.time() < end and not self.force_exit:
            await asyncio.sleep(0.02)
        # uvicorn itself would have cut streams off in the middle of a word.
        await super().shutdown(sockets)


async def _run(state: ServingState, door: socket.socket, ready: Callable[[str], None]) -> None:
    given = state.settings.serving
    config = configure(
        create_app(state),
        most_connections=MOST_CONNECTIONS,
        drain_s=given.drain_s,
        http=patient_http(given.idle_s),
        ws=PatientWebSocket,
        # Nothing is compressed: a few bytes could then be more sound than memory.
        ws_per_message_deflate=False,
        ws_max_size=MOST_MESSAGE_BYTES,
        lifespan="on",
    )
    server = _Server(config, state, lambda: ready(state.loaded.model_id))
    try:
        await server.serve_with(door, state.champion.watch())
    finally:
        await asyncio.to_thread(state.close)
    logger.info("ended")
