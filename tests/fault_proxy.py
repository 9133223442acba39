"""An HTTP proxy that loses, delays, breaks and makes up answers, to see who sends things twice.

It stands before a real server on this machine and runs in a thread of its own:

    with FaultProxy(18080, RandomFaults(share=0.3, seed=1)) as proxy:
        Settings(label_studio={"url": proxy.url, ...})
"""

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import Final

HOST: Final = "127.0.0.1"
_FAILURE: Final = b'{"detail": "a fault of the proxy"}'
_READ_S: Final = 600.0


class Fault(StrEnum):
    """What may happen to one request; the first three and the last the server carries out."""

    LATE_ANSWER = "the answer comes late"
    NO_ANSWER = "carried out, but the connection closes without an answer"
    HALF_AN_ANSWER = "carried out, but the connection closes midway through the answer"
    HALF_A_REQUEST = "the connection closes midway through the request"
    NOT_SENT = "500, and the server has heard nothing"
    SENT_AND_FAILED = "carried out, but the answer is 500"


Choose = Callable[[str, str], Fault | None]
"""Which fault befalls a request, by its method and its path with the query; None for none."""


def no_faults(method: str, path: str) -> None:
    """Let every request through."""


@dataclass
class RandomFaults:
    """Let faults befall a share of the requests.

    Args:
        share: Share of requests, 0 to 1.
        seed: Of the draw; requests in another order meet other faults.
        faults: Those to draw from.
        methods: Only requests with these methods.
    """

    share: float
    seed: int = 0
    faults: tuple[Fault, ...] = tuple(Fault)
    methods: tuple[str, ...] = ("GET", "POST", "PATCH", "DELETE", "PUT")
    _rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Seed the draw."""
        self._rng = random.Random(self.seed)

    def __call__(self, method: str, path: str) -> Fault | None:
        """Draw whether and which."""
        del path
        if method not in self.methods or self._rng.random() >= self.share:
            return None
        return self._rng.choice(self.faults)


@dataclass
class Scripted:
    """Let the next requests of one kind meet faults, one after the other; later ones get through.

    Args:
        method: Method of the requests meant.
        part: What their path contains.
        faults: For the first of them, the second, …; None lets one through.
    """

    method: str
    part: str
    faults: list[Fault | None]

    def __call__(self, method: str, path: str) -> Fault | None:
        """Give the next fault."""
        is_meant = method == self.method and self.part in path
        return self.faults.pop(0) if is_meant and self.faults else None


@dataclass(frozen=True)
class _Request:
    method: str
    path: str
    head: bytes
    body: bytes


class FaultProxy:
    """Forward requests to a server on this machine, unless a fault befalls them.

    Every request gets a connection of its own to the server, so that a fault befalls it alone.

    Args:
        target: Port of the server; may be changed while it runs.
        choose: Which fault befalls a request; may be changed while it runs.
        delay_s: How late a late answer is.
        port: Port to listen on; 0 for a free one.

    Attributes:
        seen: Requests so far: method, path with query, and their fault.
    """

    def __init__(
        self, target: int, choose: Choose = no_faults, *, delay_s: float = 1.0, port: int = 0
    ) -> None:
        self.target = target
        self.choose = choose
        self.delay_s = delay_s
        self.port = port
        self.seen: list[tuple[str, str, Fault | None]] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def url(self) -> str:
        """Return the address that clients are given."""
        return f"http://{HOST}:{self.port}"

    def count_faults(self) -> Counter[str]:
        """Return how often each fault befell a request."""
        return Counter(fault.name for _, _, fault in self.seen if fault is not None)

    def __enter__(self) -> "FaultProxy":
        """Listen."""
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the port and every connection."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, HOST, self.port)

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _read_request(reader)
            if request is not None:
                fault = self.choose(request.method, request.path)
                self.seen.append((request.method, request.path, fault))
                writer.write(await self._answer(request, fault))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            # The server is down or the client gone: either sees a closed connection.
            pass
        finally:
            writer.close()

    async def _answer(self, request: _Request, fault: Fault | None) -> bytes:
        if fault is Fault.NOT_SENT:
            return _fail()
        if fault is Fault.HALF_A_REQUEST:
            await self._forward_half(request)
            return b""
        answer = await self._forward(request)
        if fault is Fault.LATE_ANSWER:
            await asyncio.sleep(self.delay_s)
        elif fault is Fault.NO_ANSWER:
            return b""
        elif fault is Fault.HALF_AN_ANSWER:
            return _halve(answer)
        elif fault is Fault.SENT_AND_FAILED:
            return _fail()
        return answer

    async def _forward(self, request: _Request) -> bytes:
        reader, writer = await asyncio.open_connection(HOST, self.target)
        try:
            writer.write(request.head + request.body)
            await writer.drain()
            return _close_after(await asyncio.wait_for(reader.read(), _READ_S))
        finally:
            writer.close()

    async def _forward_half(self, request: _Request) -> None:
        # Half of the whole: of a request without a body the server sees half of the head.
        whole = request.head + request.body
        _, writer = await asyncio.open_connection(HOST, self.target)
        writer.write(whole[: len(whole) // 2])
        await writer.drain()
        writer.close()


async def _read_request(reader: asyncio.StreamReader) -> _Request | None:
    """Return one request, which asks the server to close the connection; None at the end."""
    first = (await reader.readline()).decode("latin-1").split()
    if len(first) < 2:
        return None
    lines, size = [" ".join(first)], 0
    while line := (await reader.readline()).decode("latin-1").strip():
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            size = int(value)
        if name.lower() not in {"connection", "keep-alive"}:
            lines.append(line)
    head = "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1")
    return _Request(first[0], first[1], head, await reader.readexactly(size))


def _close_after(answer: bytes) -> bytes:
    """Return an answer that says that its connection ends with it, once."""
    head, blank, body = answer.partition(b"\r\n\r\n")
    kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([*kept, b"Connection: close"]) + blank + body


def _halve(answer: bytes) -> bytes:
    head, blank, body = answer.partition(b"\r\n\r\n")
    return head + blank + body[: len(body) // 2] if body else head[: len(head) // 2]


def _fail() -> bytes:
    head = (
        "HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(_FAILURE)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + _FAILURE
