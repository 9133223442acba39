"""All real services on one machine: started, killed one after the other, halted, and ended."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.label_studio.process import read_start
from pipelines.settings import Settings
from pipelines.stack import control
from pipelines.stack.members import find_members
from pipelines.stack.places import find_stack_places
from pipelines.stack.ports import find_conflicts
from pipelines.stack.services import plan_services
from pipelines.stack.status import ServiceStatus, read_stack
from tests.end_to_end.runs import Run
from tests.label_studio_server import ENVIRONMENT, MARKS, free_port, warm_settings

pytestmark = MARKS
SERVICES = ("prefect", "worker", "label-studio", "gateway", "watch")
# Two cores may be busy with other tests.
HEALED_S = 300.0
PATIENCE_S = 20
# Longer than a watch that was missed would need to begin.
AGAIN_S = 10

States = dict[str, ServiceStatus]


class Machine:
    """One machine on which services are run.

    Args:
        folder: Where `serloop` is called.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        home = folder / "home"
        label = warm_settings(home).label_studio.port
        prefect, gateway = free_port(), free_port()
        self.settings = Settings(
            home=home,
            stack={"prefect_port": prefect, "patience_s": PATIENCE_S},
            gateway={"port": gateway},
            label_studio={"port": label},
        )
        self._variables = {
            "HOME": home,
            "STACK__PREFECT_PORT": prefect,
            "STACK__PATIENCE_S": PATIENCE_S,
            "GATEWAY__PORT": gateway,
            "LABEL_STUDIO__PORT": label,
            "LABEL_STUDIO__ENVIRONMENT": ENVIRONMENT,
        }

    def serloop(self, *arguments: object) -> str:
        """Run a verb there, and return what it printed."""
        return Run(self._folder, *arguments, **self._variables).finish()

    def up(self) -> dict[str, int]:
        """Run `serloop up`, and return the processes."""
        told = json.loads(self.serloop("up", "--json"))
        assert [row["state"] for row in told["services"]] == ["healthy"] * len(SERVICES)
        assert told["problems"] == []
        return {row["service"]: row["pid"] for row in told["services"]}

    def wait_for(self, seen: Callable[[States], bool]) -> States:
        """Return how the services are once they are as wanted, and all of them well."""
        deadline = time.monotonic() + HEALED_S
        while time.monotonic() < deadline:
            found = {item.name: item for item in read_stack(self.settings)}
            if all(item.state == "healthy" for item in found.values()) and seen(found):
                return found
            time.sleep(0.5)
        raise AssertionError(f"never healed: {found}")


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Return a machine on which nothing runs; nothing does afterwards."""
    found = Machine(tmp_path_factory.mktemp("stack"))
    try:
        yield found
    finally:
        found.serloop("down")


def test_up_twice_changes_nothing(machine: Machine) -> None:
    """All are well after the first, and the same processes after the second."""
    assert machine.up() == machine.up()


@pytest.mark.parametrize("name", SERVICES)
def test_a_killed_service_comes_back(machine: Machine, name: str) -> None:
    """By itself, and well."""
    pid = machine.up()[name]
    os.kill(pid, signal.SIGKILL)
    machine.wait_for(lambda found: found[name].pid != pid)


@pytest.mark.parametrize("name", SERVICES[:-1])
def test_a_halted_service_is_replaced(machine: Machine, name: str) -> None:
    """It runs, but answers nobody; the others are left alone, and somebody counts."""
    before = machine.up()
    counted = machine.wait_for(lambda _: True)[name].restarts or 0
    os.kill(before[name], signal.SIGSTOP)
    found = machine.wait_for(lambda found: found[name].pid != before[name])
    assert found[name].restarts == counted + 1
    assert read_start(before[name]) is None
    others = [item for item in SERVICES if item != name]
    assert [found[item].pid for item in others] == [before[item] for item in others]


def test_a_killed_supervisor_comes_back(machine: Machine) -> None:
    """With all services, each of them once."""
    before = machine.up()
    os.kill(control.read_pid(find_stack_places(machine.settings).socket), signal.SIGKILL)
    after = machine.wait_for(lambda found: found["watch"].pid != before["watch"])
    assert {item.pid for item in after.values()}.isdisjoint(before.values())
    assert not any(read_start(pid) for pid in before.values())


def test_up_heals_when_supervisor_and_watch_were_killed(machine: Machine) -> None:
    """Nobody is left who could; the services that go on unsupervised are replaced."""
    before = machine.up()
    places = find_stack_places(machine.settings)
    supervisor = control.read_pid(places.socket)
    # Halted first: either would bring the other back.
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in (supervisor, before["watch"]):
            os.kill(pid, number)
    assert set(machine.up().values()).isdisjoint(before.values())


def test_down_leaves_nothing(machine: Machine) -> None:
    """No process and no listener, and it can be said again."""
    machine.up()
    machine.serloop("down")
    assert find_members(find_stack_places(machine.settings)) == []
    assert find_conflicts(plan_services(machine.settings), {}) == []
    machine.serloop("down")


def test_down_leaves_nothing_where_the_supervisor_was_killed(machine: Machine) -> None:
    """The watch that would bring everything back is ended, too."""
    machine.up()
    places = find_stack_places(machine.settings)
    os.kill(control.read_pid(places.socket), signal.SIGKILL)
    machine.serloop("down")
    time.sleep(AGAIN_S)
    assert find_members(places) == []
