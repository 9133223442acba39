"""How much a caller may bring, how often, and from where."""

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit

from fastapi import HTTPException, Request
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from pipelines.serving.keys import KeyRing

NOBODY = "(nobody)"
WINDOW_S = 60.0
# A body slower than this is there to hold a place, not to be read; a poor phone sends faster.
SLOWEST_BYTES_PER_S = 4096
# Bodies in memory at a time, as multiples of the largest.
MOST_BODIES = 12
ASK_FOR_KEY = {"WWW-Authenticate": 'Bearer realm="serloop"'}
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Refusal(HTTPException):
    """What a caller is told instead of an answer.

    Args:
        status: Of HTTP.
        reason: One word for the meters.
        detail: What was wrong, and what would be right.
        retry_after_s: When it is worth coming back; None where it is not.
        headers: More of them.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        detail: str,
        *,
        retry_after_s: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.reason = reason
        self.retry_after_s = None if retry_after_s is None else max(1, math.ceil(retry_after_s))
        told = dict(headers or {})
        if self.retry_after_s is not None:
            told["Retry-After"] = str(self.retry_after_s)
        super().__init__(status, detail, told)


class Rates:
    """Counts the requests of each caller in the last minute.

    Args:
        most: Requests of one caller in any minute.
        clock: Tells the time, s.

    Example:
        >>> now = iter([0.0, 1.0, 2.0, 60.5])
        >>> rates = Rates(2, clock=lambda: next(now))
        >>> [rates.take("ann") for _ in range(4)]
        [0.0, 0.0, 58.0, 0.0]
    """

    def __init__(self, most: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        # Callers are those with keys, so that there are not more of them than keys.
        self._taken: dict[str, deque[float]] = {}

    def take(self, name: str) -> float:
        """Count a request, unless it is one too many.

        Args:
            name: Who asks.

        Returns:
            0 if it was counted; else the seconds after which the next one will be.
        """
        now = self._clock()
        taken = self._taken.setdefault(name, deque())
        while taken and taken[0] <= now - WINDOW_S:
            taken.popleft()
        if len(taken) >= self._most:
            return taken[0] + WINDOW_S - now
        taken.append(now)
        return 0.0


class Guard:
    """Lets callers in by key, origin and rate.

    Args:
        ring: The keys.
        rates: How often each may come.
        host: Address that the server listens on.
    """

    def __init__(self, ring: KeyRing, rates: Rates, host: str) -> None:
        self._ring = ring
        self._rates = rates
        self._is_loopback = host in LOOPBACK

    @property
    def needs_key(self) -> bool:
        """Whether callers have to show a key."""
        return self._ring.is_needed

    def check_origin(self, headers: Headers) -> None:
        """Refuse pages of other sites, which browsers let send to this machine.

        Args:
            headers: Of the request.

        Raises:
            Refusal: 403 if it comes from a page of another origin, or, where only this machine is
                served, by a name that is not its own (a name rebound to it).
        """
        host = headers.get("Host", "")
        name = urlsplit(f"//{host}").hostname or ""
        if self._is_loopback and name not in LOOPBACK:
            raise Refusal(403, "origin", f"this server is not called `{name[:100]}`")
        origin = headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            raise Refusal(403, "origin", "pages of other sites may not ask this server")

    def name_caller(self, headers: Headers, key: str | None = None) -> str:
        """Return who asks.

        Args:
            headers: Of the request; `Authorization: Bearer …` or `X-API-Key` shows a key.
            key: A key shown otherwise.

        Raises:
            Refusal: 401 without a key that opens, where keys are needed.
        """
        shown = key or _shown_key(headers)
        if not self._ring.is_needed:
            return NOBODY
        name = self._ring.name_of(shown) if shown else None
        if name is None:
            detail = "the key is wrong or was revoked" if shown else "a key is needed"
            raise Refusal(
                401, "key", f"{detail}; show it as `Authorization: Bearer …`", headers=ASK_FOR_KEY
            )
        return name

    def take(self, name: str) -> None:
        """Count a request of a caller.

        Raises:
            Refusal: 429 if it is one too many.
        """
        wait_s = self._rates.take(name)
        if wait_s > 0:
            raise Refusal(
                429, "rate", "too many requests in a minute; come back later", retry_after_s=wait_s
            )


class Room:
    """Counts the clips that are being decoded, wait, or are judged, and lets in no more than fit.

    Args:
        most: Clips.
        clip_s: Tells how long one takes when all are busy, s.
    """

    def __init__(self, most: int, clip_s: Callable[[], float]) -> None:
        self._most = most
        self._clip_s = clip_s
        self._taken = 0

    @property
    def taken(self) -> int:
        """Clips that are inside."""
        return self._taken

    def check(self, clips: int = 1) -> None:
        """Refuse clips for which there is no room.

        Raises:
            Refusal: 429, with when those that are inside should be done.
        """
        if self._taken + clips > self._most:
            raise Refusal(
                429,
                "queue",
                f"{self._taken} clips wait already; come back later",
                retry_after_s=self._taken * self._clip_s(),
            )

    @contextmanager
    def enter(self, clips: int) -> Iterator[None]:
        """Have clips inside for a while.

        Raises:
            Refusal: As `check`.
        """
        self.check(clips)
        self._taken += clips
        try:
            yield
        finally:
            self._taken -= clips


class Bodies:
    """Reads bodies, and keeps only so many bytes of them in memory.

    Args:
        largest: Bytes of one.
        idle_s: Seconds without a byte after which it is given up.
    """

    def __init__(self, largest: int, idle_s: float) -> None:
        self._largest = largest
        self._idle_s = idle_s
        self._held = 0

    @property
    def held(self) -> int:
        """Bytes in memory now."""
        return self._held

    @asynccontextmanager
    async def read(self, request: Request) -> AsyncIterator[bytes]:
        """Read a body that may be neither longer nor slower than said, and have it for a while.

        A body has `idle_s` seconds, and one more for every 4 kB that came, as in Apache's
        `mod_reqtimeout`: a timeout between bytes alone would let a byte at a time hold a
        connection for weeks.

        Args:
            request: The request.

        Raises:
            Refusal: 413 if it is longer, 408 if it is too slow, 400 if it ends early, 429 if
                there are too many.
        """
        body = bytearray()
        try:
            await self._fill(body, request)
            yield bytes(body)
        finally:
            self._held -= len(body)

    async def _fill(self, body: bytearray, request: Request) -> None:
        declared = request.headers.get("Content-Length", "")
        if declared.isdecimal() and int(declared) > self._largest:
            raise self._too_large()
        clock = asyncio.get_running_loop().time
        begin = clock()
        try:
            async with asyncio.timeout(self._idle_s) as patience:
                async for chunk in request.stream():
                    body += chunk
                    self._held += len(chunk)
                    self._check(len(body))
                    earned = begin + self._idle_s + len(body) / SLOWEST_BYTES_PER_S
                    patience.reschedule(min(earned, clock() + self._idle_s))
        except TimeoutError as error:
            raise Refusal(408, "slow", "the body came too slowly") from error
        except ClientDisconnect as error:
            raise Refusal(400, "gone", "the body ends early") from error

    def _check(self, size: int) -> None:
        if size > self._largest:
            raise self._too_large()
        if self._held > MOST_BODIES * self._largest:
            raise Refusal(429, "memory", "too many large requests at once", retry_after_s=2)

    def _too_large(self) -> Refusal:
        return Refusal(413, "size", f"the body has more than {self._largest} bytes")


def _shown_key(headers: Headers) -> str:
    kind, _, key = headers.get("Authorization", "").partition(" ")
    return key.strip() if kind.lower() == "bearer" else headers.get("X-API-Key", "")
