"""Ports are looked at before anything is started."""

import socket
from pathlib import Path

import pytest

from pipelines.errors import PipelineError
from pipelines.settings import Settings
from pipelines.stack.ports import find_conflicts, refuse_busy_ports
from pipelines.stack.services import Service
from tests.label_studio_server import free_port


def want(name: str, port: int) -> Service:
    """Return a service that wants a port."""
    return Service(name, None, None, Path("log"), port, f"SERLOOP_{name.upper()}__PORT")


def test_all_conflicts_are_told_at_once() -> None:
    """Each with its service and the setting that chooses another port."""
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        busy = [one.getsockname()[1], two.getsockname()[1]]
        settings = Settings(
            stack={"prefect_port": busy[0]},
            gateway={"port": busy[1]},
            label_studio={"port": free_port()},
        )
        with pytest.raises(PipelineError) as refused:
            refuse_busy_ports(settings)
    told = str(refused.value)
    assert f"port {busy[0]} of prefect is in use by another program" in told
    assert "SERLOOP_STACK__PREFECT_PORT" in told
    assert f"port {busy[1]} of gateway" in told
    assert "SERLOOP_GATEWAY__PORT" in told
    assert "label-studio" not in told


def test_a_port_that_is_taken_but_silent_is_a_conflict() -> None:
    """A program that has taken it and does not listen yet is in the way, too."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        (told,) = find_conflicts([want("gateway", other.getsockname()[1])], {})
    assert "not to be had: Address already in use" in told


def test_a_port_that_two_services_want_is_a_conflict() -> None:
    """Neither could have it for long."""
    port = free_port()
    (told,) = find_conflicts([want("prefect", port), want("gateway", port)], {})
    assert told == (
        f"port {port} of gateway is wanted by prefect, too; set SERLOOP_GATEWAY__PORT to another"
    )


def test_an_address_of_another_machine_is_a_conflict() -> None:
    """The gateway can listen on addresses of this machine only."""
    (told,) = find_conflicts([want("gateway", free_port())], {"gateway": "203.0.113.7"})
    assert "not to be had" in told


def test_free_ports_are_no_conflict() -> None:
    """Nothing is said where nothing is wrong."""
    assert find_conflicts([want("prefect", free_port()), want("gateway", free_port())], {}) == []
