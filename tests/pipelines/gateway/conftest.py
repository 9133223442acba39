"""Gateways with one campaign, whose work is written down."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.pipelines.gateway.running import HINDRANCES, Gateway, open_campaign, run_gateway
from tests.running import wait_for


@contextmanager
def run_quiet_gateway(home: Path) -> Iterator[Gateway]:
    """Run a gateway that has looked at its campaign once."""
    open_campaign(home)
    with run_gateway(home) as running:
        wait_for(lambda: running.done() == ["collect 00c0ffee"])
        wait_for(lambda: running.status()["running"] == [])
        yield running


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """Run a gateway to be killed or stopped."""
    with run_quiet_gateway(tmp_path / "home") as running:
        yield running


@pytest.fixture(scope="session")
def shared_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Run a gateway that many tests talk to."""
    with run_quiet_gateway(tmp_path_factory.mktemp("gateway") / "home") as running:
        yield running


@pytest.fixture
def idle_gateway(shared_gateway: Gateway) -> Gateway:
    """Return the gateway that many tests talk to, with nothing left to do."""
    wait_for(lambda: shared_gateway.status()["waiting"] == 0)
    return shared_gateway


@pytest.fixture
def hindered_gateway(idle_gateway: Gateway) -> Iterator[Gateway]:
    """Return the gateway that many tests talk to, with nothing written down, to be hindered."""
    home = idle_gateway.home
    wait_for(lambda: idle_gateway.status()["running"] == [])
    for name in ("begun", "done"):
        (home / f"{name}.txt").unlink(missing_ok=True)
    yield idle_gateway
    for hindrance in (*HINDRANCES, *(path.name for path in home.glob("slow-*"))):
        (home / hindrance).unlink(missing_ok=True)
    wait_for(lambda: idle_gateway.status()["waiting"] == 0)
