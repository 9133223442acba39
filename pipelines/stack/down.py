"""End every service and everything they started, whatever was killed before."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from pipelines.errors import PipelineError
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.stack import control
from pipelines.stack.configuration import STOP_S
from pipelines.stack.members import end_members, find_members
from pipelines.stack.places import find_stack_places
from pipelines.stack.services import plan_services
from pipelines.stack.turn import take_turn

# They go first, so that nothing is started again, and nothing new begins.
LEADERS = ("watch", "gateway")
STRAYS_S = 15.0
PATIENT_S = 10.0


@dataclass(frozen=True)
class DownResult:
    """What was ended.

    Args:
        ended: Service and process of each that ran.
        strays: How many processes they had started, or had been left by killed ones.
    """

    ended: tuple[tuple[str, int], ...] = ()
    strays: int = 0

    def rows(self) -> Sequence[Row]:
        """Return one row per service, and one for everything else."""
        rows: list[Row] = [
            {"service": name, "done": "stopped", "pid": pid} for name, pid in self.ended
        ]
        if self.strays:
            rows.append({"service": f"{self.strays} more processes", "done": "ended", "pid": None})
        return rows or [{"service": "all", "done": "was not running", "pid": None}]


def down(settings: Settings) -> DownResult:
    """End the services, and wait until nothing of them is left.

    Flow runs that go on are ended while Prefect's server can still note that.

    Args:
        settings: Their home.

    Raises:
        PipelineError: Something still runs afterwards.
    """
    places = find_stack_places(settings)
    if not places.folder.exists():
        return DownResult()
    with take_turn(places):
        processes = control.read_processes(places.socket, timeout_s=PATIENT_S) or {}
        ended = [(item.name, item.pid) for item in processes.values() if item.pid is not None]
        # Who would start everything again looks for it.
        places.configuration.unlink(missing_ok=True)
        members = set(find_members(places))
        # A supervisor that hangs meanwhile is ended with the rest, below.
        with suppress(PipelineError):
            for name in LEADERS if processes else ():
                control.stop(places.socket, name, timeout_s=STOP_S + PATIENT_S)
            if processes:
                # What is left besides are flow runs. A worker that ends would kill them, but they
                # themselves tell the server how they ended.
                spared = {pid for _, pid in ended} | {control.read_pid(places.socket)}
                end_members(places, spared=spared, grace_s=STRAYS_S)
                control.stop(places.socket, "worker", timeout_s=STOP_S + PATIENT_S)
                control.shut_down(places.socket)
        grace_s = (STOP_S + PATIENT_S) if processes else PATIENT_S
        end_members(places, grace_s=grace_s)
        order = [item.name for item in plan_services(settings)]
        ended.sort(key=lambda item: order.index(item[0]) if item[0] in order else len(order))
        strays = len(members) - len(ended) - bool(processes)
        return DownResult(tuple(ended), max(strays, 0))
