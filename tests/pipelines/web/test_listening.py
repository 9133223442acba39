"""Listening where one is told, and ending with what a server cannot do without."""

import asyncio
import socket

import pytest
from starlette.types import Receive, Scope, Send

from pipelines.errors import PipelineError
from pipelines.web.listening import Server, configure, listen

PATIENCE_S = 120


async def answer_nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Take requests, and leave them there."""


@pytest.mark.parametrize(
    ("host", "remedy"),
    [
        ("no.such.host.invalid", "is no address of this machine: .*; set SERLOOP_SERVING__HOST"),
        ("a" * 70, "is no address of this machine: .*; set SERLOOP_SERVING__HOST"),
        ("192.0.2.1", "cannot listen on 192.0.2.1 port .*; set SERLOOP_SERVING__HOST to an"),
    ],
    ids=["unknown", "no name", "of another machine"],
)
def test_a_foreign_address_is_refused(host: str, remedy: str) -> None:
    """The message names the address and the setting."""
    with pytest.raises(PipelineError, match=remedy), listen(host, 0, section="serving"):
        pass


def test_a_taken_port_is_refused() -> None:
    """The message names the port and both ways to set another."""
    with listen("127.0.0.1", 0, section="gateway") as door:
        port = door.getsockname()[1]
        remedy = f"port {port}: .*set SERLOOP_GATEWAY__PORT or --port"
        with pytest.raises(PipelineError, match=remedy):
            listen("127.0.0.1", port, section="gateway").__enter__()


def test_a_server_ends_with_what_it_needs() -> None:
    """A failure beside it ends it and is raised; the last that was begun ends first."""
    ended: list[str] = []

    async def wait(name: str) -> None:
        try:
            await asyncio.sleep(PATIENCE_S)
        finally:
            ended.append(name)

    async def fail(listens: asyncio.Event) -> None:
        await listens.wait()
        raise PipelineError("the disk is full")

    async def run(door: socket.socket) -> None:
        listens = asyncio.Event()
        config = configure(answer_nothing, most_connections=1, drain_s=0, lifespan="off")
        server = Server(config, listens.set)
        await server.serve_with(door, wait("first"), wait("second"), fail(listens))

    refused = pytest.raises(PipelineError, match="the disk is full")
    with listen("127.0.0.1", 0, section="serving") as door, refused:
        asyncio.run(asyncio.wait_for(run(door), PATIENCE_S))
    assert ended == ["second", "first"]
