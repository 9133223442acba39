"""What is noted of a request, without what its caller made up."""

import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
# Given the method, the pattern of the path, the status and the time it took, s.
Tell = Callable[[str, str, int, float], None]


class Measured:
    """Tells how each request was answered, by the pattern of its path.

    Paths may be secrets, such as those of personal pages, and like methods they are whatever
    callers say: whoever counts must not be made to count all.

    Args:
        app: What answers.
        tell: Is told.
    """

    def __init__(self, app: ASGIApp, tell: Tell) -> None:
        self._app = app
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and tell how it was answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begin, status = time.perf_counter(), 500

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            method = scope["method"] if scope["method"] in METHODS else "(other)"
            path = getattr(scope.get("route"), "path", "(no such path)")
            self._tell(method, path, status, time.perf_counter() - begin)
