"""Connections that do not wait for ever: what uvicorn leaves open to slow callers is closed.

uvicorn times only the pause between two requests. A head that trickles in, the rest of a body that
was refused, and a caller that reads nothing of its answer would each hold a connection for as long
as they please. Bodies that trickle in are timed where they are read, see `limits.Bodies`.
"""

import asyncio
import socket
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

HEAD_S = 10.0
# What is left of a refused body is read for a while, for a connection closed before that is reset,
# and the caller may never read why.
LINGER_S = 5.0
UNREAD_S = 15.0
# Beyond these, callers are cut off before they cost anything.
MOST_CONNECTIONS = 800
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class _Unread:
    """Cuts a connection off whose other end reads nothing."""

    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    _unread: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """Begin to wait for the caller to read."""
        super().pause_writing()  # type: ignore[misc]
        self._unread = self.loop.call_later(UNREAD_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop to wait."""
        super().resume_writing()  # type: ignore[misc]
        self._forget_unread()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop to wait."""
        self._forget_unread()
        super().connection_lost(exc)  # type: ignore[misc]

    def _forget_unread(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None


class PatientHttp(_Unread, H11Protocol):
    """HTTP whose heads must come within a time of their own, however many bytes trickle in.

    Attributes:
        head_s: For a head, s.
        linger_s: For the rest of a body that was answered before its end, s.
    """

    head_s = HEAD_S
    linger_s = LINGER_S
    _patience: asyncio.TimerHandle | None = None
    _waits_for: object = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        if len(self.connections) >= MOST_CONNECTIONS:
            self.transport = transport
            self.connections.add(self)
            transport.abort()
            return
        _bound_unread(transport)
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take bytes, and see what is to be waited for now."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """See what is to be waited for behind an answer."""
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._wait_for(None, 0.0)
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            self._wait_for(None, 0.0)
        elif self.timeout_keep_alive_task is not None and self.conn.their_state is h11.IDLE:
            self._wait_for(None, 0.0)  # Between requests, uvicorn itself waits.
        elif self.conn.their_state is h11.IDLE:
            self._wait_for("head", self.head_s)
        elif self.conn.their_state is h11.SEND_BODY and self.cycle.response_complete:
            self._wait_for("rest", self.linger_s)
        else:
            self._wait_for(None, 0.0)

    def _wait_for(self, what: str | None, seconds: float) -> None:
        # A timer that runs goes on running, however many bytes come: that is the point of it.
        if what == self._waits_for:
            return
        self._waits_for = what
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        if what is not None:
            self._patience = self.loop.call_later(seconds, self._give_up, what)

    def _give_up(self, what: str) -> None:
        if what == "head" and not self.transport.is_closing():
            self.transport.write(TOO_SLOW)
        self.transport.close()


def patient_http(idle_s: float) -> type[PatientHttp]:
    """Return `PatientHttp` that waits no longer for a head than for anything else.

    Args:
        idle_s: How long a server waits for a byte, s. uvicorn makes connections of a class, which
            can be told nothing more.
    """
    return type("PatientHttp", (PatientHttp,), {"head_s": min(HEAD_S, idle_s)})


class PatientWebSocket(_Unread, WebSocketsSansIOProtocol):
    """WebSocket whose caller must read; that it speaks is timed where it is heard."""


def _bound_unread(transport: asyncio.Transport) -> None:
    """Have the kernel end a connection that takes no byte, however few are left to send."""
    door: Any = transport.get_extra_info("socket")
    if door is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        door.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(1000 * UNREAD_S))
