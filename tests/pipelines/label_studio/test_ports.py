"""A port is looked at before a server is started."""

import socket

import pytest

from pipelines.errors import PipelineError
from pipelines.label_studio.ports import refuse_busy_port
from tests.label_studio_server import free_port


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104
def test_a_port_that_somebody_listens_on_is_refused(host: str) -> None:
    """The message names the port and the setting that chooses another."""
    with socket.create_server((host, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(
            PipelineError, match=rf"port {port} is in use .* SERLOOP_LABEL_STUDIO__"
        ):
            refuse_busy_port(port)


def test_a_port_that_is_taken_but_silent_is_refused() -> None:
    """A program that has taken it and does not listen yet is in the way, too."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        with pytest.raises(PipelineError, match="cannot be used: Address already in use"):
            refuse_busy_port(other.getsockname()[1])


def test_a_port_is_free_again_when_its_server_has_ended() -> None:
    """Connections that linger after a server do not keep it from starting again."""
    port = free_port()
    with socket.create_server(("127.0.0.1", port)) as server:
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = server.accept()
        accepted.close()
        client.close()
    refuse_busy_port(port)
