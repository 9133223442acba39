"""Whether a port of this machine is free, asked before the server is started.

Label Studio takes the next port when its own is taken, and says so only where nobody looks.
"""

import socket

from pipelines.errors import PipelineError
from pipelines.label_studio.places import HOST

CONNECT_S = 1.0


def refuse_busy_port(port: int) -> None:
    """Refuse a port that something listens on, or that may not be used.

    Args:
        port: Port of 127.0.0.1.

    Raises:
        PipelineError: If so, with the reason.
    """
    remedy = "stop what uses it, or set SERLOOP_LABEL_STUDIO__PORT to another"
    if _answers(port):
        raise PipelineError(f"port {port} is in use by another program; {remedy}")
    with socket.socket() as probe:
        # Connections of a server that has just ended linger, and hinder nobody.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise PipelineError(
                f"port {port} cannot be used: {error.strerror}; {remedy}"
            ) from error


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(CONNECT_S)
        return probe.connect_ex((HOST, port)) == 0
