"""Run the gateway until it is told to end."""

import asyncio
import logging
import socket
from collections.abc import Callable

from pipelines.errors import PipelineError
from pipelines.gateway.app import create_app
from pipelines.gateway.book import WakeBook
from pipelines.gateway.dispatcher import Dispatcher
from pipelines.gateway.keys import Keys, ensure_keys
from pipelines.gateway.places import find_gateway_places
from pipelines.gateway.work import Perform, perform
from pipelines.label_studio.process import claim
from pipelines.redaction import hide_in_logs
from pipelines.settings import Settings
from pipelines.web.listening import Server, configure, listen

logger = logging.getLogger(__name__)

DRAIN_S = 5.0
# Label Studio has a handful of connections; a flood is refused, not kept.
MOST_CONNECTIONS = 1000


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
        with listen(settings.gateway.host, settings.gateway.port, section="gateway") as door:
            keys = ensure_keys(places.keys)
            hide_in_logs({keys.webhook, keys.password})
            book = WakeBook(places.wakes)
            asyncio.run(_run(settings, keys, book, door, work=work, ready=ready))


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
    config = configure(
        create_app(settings, keys, book, dispatcher),
        most_connections=MOST_CONNECTIONS,
        drain_s=DRAIN_S,
        lifespan="off",
        ws="none",
    )
    # All that was answered is written before the pen is put away.
    await Server(config, ready).serve_with(door, book.write(), dispatcher.run())
    logger.info("ended")
