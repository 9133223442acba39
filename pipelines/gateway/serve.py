"""Run the gateway until it is told to end."""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from pipelines.errors import PipelineError
from pipelines.gateway.app import create_app
from pipelines.gateway.book import WakeBook
from pipelines.gateway.dispatcher import Dispatcher
from pipelines.gateway.keys import Keys, ensure_keys
from pipelines.gateway.places import find_gateway_places
from pipelines.gateway.work import Perform, perform
from pipelines.label_studio.process import claim
from pipelines.settings import Settings

logger = logging.getLogger(__name__)

DRAIN_S = 5.0
KEEP_ALIVE_S = 30
# Label Studio has a handful of connections; a flood is refused, not kept.
MOST_CONNECTIONS = 1000
BACKLOG = 1024


def serve(
    settings: Settings, *, ready: Callable[[], None] = lambda: None, work: Perform = perform
) -> None:
    """Answer until SIGTERM or Ctrl-C, then finish answering, and end.

    What was told and not done is done after the next start.

    Args:
        settings: Where to listen, how patient to be, and what stages need.
        ready: Called as soon as it listens.
        work: Does the work.

    Raises:
        PipelineError: Another gateway has this home, the port is taken, or a file of its own
            cannot be read.
    """
    places = find_gateway_places(settings)
    with claim(places.lock) as lock:
        if lock is None:
            raise PipelineError(
                f"another gateway has this home (it holds `{places.lock}`); end it first"
            )
        with _listen(settings) as door:
            keys = ensure_keys(places.keys)
            book = WakeBook(places.wakes)
            asyncio.run(_run(settings, keys, book, door, work=work, ready=ready))


@contextmanager
def _listen(settings: Settings) -> Iterator[socket.socket]:
    host, port = settings.gateway.host, settings.gateway.port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        door = socket.socket(family, kind, protocol)
    except OSError as error:
        raise PipelineError(
            f"`{host}` is no address of this machine: {error.strerror}; set SERLOOP_GATEWAY__HOST"
        ) from error
    with door:
        # Connections of a gateway that has just ended linger, and hinder nobody.
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(address)
            # Another that only bound it would be told so by nobody but this.
            door.listen(BACKLOG)
        except OSError as error:
            raise PipelineError(
                f"cannot listen on {host} port {port}: {error.strerror}; stop what uses it, or "
                "set SERLOOP_GATEWAY__PORT or --port to another"
            ) from error
        yield door


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say that it listens, once it does."""
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End at the first signal; its own way would end this process by the signal afterwards."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.end)
        yield

    def end(self) -> None:
        """Take no more requests, finish those there are, and return."""
        self.should_exit = True


async def _run(
    settings: Settings,
    keys: Keys,
    book: WakeBook,
    door: socket.socket,
    *,
    work: Perform,
    ready: Callable[[], None],
) -> None:
    dispatcher = Dispatcher(settings, book, work)
    config = uvicorn.Config(
        create_app(settings, keys, book, dispatcher),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        backlog=BACKLOG,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=int(DRAIN_S),
    )
    server = _Server(config, ready)
    writing = asyncio.create_task(book.write())
    doing = asyncio.create_task(dispatcher.run())
    # A gateway that no longer writes or works is no gateway: it ends, and says why.
    for task in (writing, doing):
        task.add_done_callback(lambda _: server.end())
    try:
        await server.serve(sockets=[door])
    finally:
        # All that was answered is written before the pen is put away.
        for task in (doing, writing):
            task.cancel()
            done = await asyncio.gather(task, return_exceptions=True)
            logger.debug("ended: %s", done)
    for task in (doing, writing):
        if not task.cancelled():
            task.result()
    logger.info("ended")
