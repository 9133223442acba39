"""When the watch loses patience."""

from pathlib import Path

import pytest

from pipelines.stack.control import Process
from pipelines.stack.health import Health
from pipelines.stack.services import Service
from pipelines.stack.watch import Memory, is_hung, remember

SERVICE = Service("gateway", None, None, Path("log"), start_s=100.0)
WELL, SILENT, UNKNOWN = Health(True), Health(False), Health(None)


def look(*seen: tuple[float, int | None, Health]) -> Memory:
    """Return what is remembered after looks at a time, of a process, with an answer."""
    memory = Memory()
    for now_s, pid, health in seen:
        memory = remember(
            memory, Process("gateway", "RUNNING", pid, float(pid or 0)), health, now_s
        )
    return memory


@pytest.mark.parametrize(
    ("seen", "now_s", "expected"),
    [
        ([(0, 7, WELL), (5, 7, SILENT)], 9, False),
        ([(0, 7, WELL), (5, 7, SILENT)], 11, True),
        ([(0, 7, WELL), (5, 7, UNKNOWN)], 14, False),
        ([(0, 7, SILENT)], 99, False),
        ([(0, 7, SILENT)], 101, True),
        ([(0, 7, WELL), (5, 8, SILENT)], 30, False),
        ([(0, None, UNKNOWN)], 1000, False),
    ],
    ids=[
        "a moment of silence",
        "silent for too long",
        "nobody can tell",
        "still starting",
        "starting for too long",
        "another process has its own time to start",
        "none runs",
    ],
)
def test_patience(
    seen: list[tuple[float, int | None, Health]], now_s: float, expected: bool
) -> None:
    """A service that was well has ten seconds here, one that starts has a hundred."""
    assert is_hung(look(*seen), SERVICE, now_s, patience_s=10) is expected


def test_restarts_are_counted_once_each() -> None:
    """The first process is no restart, nor is a service that is not running for a while."""
    assert look((0, 7, WELL)).restarts == 0
    assert look((0, 7, WELL), (1, None, UNKNOWN), (2, 8, SILENT), (3, 8, WELL)).restarts == 1
