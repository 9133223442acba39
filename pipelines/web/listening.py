"""Listen, serve, and end as one is told."""

import asyncio
import errno
import logging
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from pipelines.errors import PipelineError

logger = logging.getLogger(__name__)

KEEP_ALIVE_S = 30
BACKLOG = 1024


@contextmanager
def listen(host: str, port: int, *, section: str) -> Iterator[socket.socket]:
    """Listen on an address for a while.

    Args:
        host: The address, or a name of it.
        port: The port.
        section: Of the settings that say so, such as `gateway`.

    Raises:
        PipelineError: If it is no address of this machine, or the port is taken.
    """
    setting = f"SERLOOP_{section.upper()}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        door = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:  # names that no resolver takes are the latter
        why = getattr(error, "strerror", None) or error
        raise PipelineError(
            f"`{host}` is no address of this machine: {why}; set {setting}__HOST"
        ) from error
    with door:
        # Connections of a server that has just ended linger, and hinder nobody.
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(address)
            # Another that only bound it would be told so by nobody but this.
            door.listen(BACKLOG)
        except OSError as error:
            remedy = f"stop what uses it, or set {setting}__PORT or --port to another"
            if error.errno == errno.EADDRNOTAVAIL:
                remedy = f"set {setting}__HOST to an address of this machine"
            raise PipelineError(
                f"cannot listen on {host} port {port}: {error.strerror}; {remedy}"
            ) from error
        yield door


def configure(
    app: ASGIApp,
    *,
    most_connections: int,
    drain_s: float,
    **more: Any,  # noqa: ANN401 - whatever uvicorn takes
) -> uvicorn.Config:
    """Return how an application is served; logs are ours, and no answer names the software.

    Args:
        app: What answers.
        most_connections: Beyond these, callers are refused.
        drain_s: How long requests may take to finish once it ends, s.
        more: Options of uvicorn.
    """
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        limit_concurrency=most_connections,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=round(drain_s),
        **more,
    )


class Server(uvicorn.Server):
    """A server that says when it listens, and ends without ending its process.

    Args:
        config: From `configure`.
        ready: Called as soon as it listens.
    """

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def serve_with(self, door: socket.socket, *beside: Coroutine[Any, Any, None]) -> None:
        """Answer until told to end, while something else runs beside it.

        Args:
            door: From `listen`.
            beside: What the server cannot do without: if one of them fails, the server ends. Once
                it has ended they are cancelled and waited for, the last first, as it may need those
                before it.

        Raises:
            Exception: Whatever one of them failed with.
        """
        tasks = [asyncio.create_task(task) for task in beside]
        for task in tasks:
            task.add_done_callback(self._end_with)
        try:
            await self.serve(sockets=[door])
        finally:
            for task in reversed(tasks):
                task.cancel()
                done = await asyncio.gather(task, return_exceptions=True)
                logger.debug("ended: %s", done)
        for task in tasks:
            if not task.cancelled():
                task.result()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say that it listens, once it does."""
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End at the first signal; its own way would end this process by the signal afterwards."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._interrupt)
        yield

    def end(self) -> None:
        """Take no more requests, finish those there are, and return."""
        self.should_exit = True

    def _interrupt(self) -> None:
        # Whoever tells it a second time does not want to wait.
        self.force_exit = self.should_exit
        self.end()

    def _end_with(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self.end()
