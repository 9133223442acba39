"""Find and end every process that services started, whoever has been killed in between.

A process inherits the environment of the one that started it, through new sessions and after the
death of its parents, so that a variable of our own tells which are ours.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from pipelines.errors import PipelineError
from pipelines.label_studio.process import read_start
from pipelines.stack.places import StackPlaces

POLL_S = 0.1
KILL_S = 10.0


def find_members(places: StackPlaces) -> list[int]:
    """Return the processes that belong to the services of a home, except this one.

    Args:
        places: Whose mark they carry.
    """
    mark = "=".join(places.mark)
    named = _read_proc(mark) if sys.platform == "linux" else _read_ps(mark)
    return sorted(pid for pid in named if pid != os.getpid() and read_start(pid) is not None)


def end_members(
    places: StackPlaces, *, spared: Collection[int] = (), grace_s: float = 10.0
) -> list[int]:
    """End them, and wait until they are gone.

    Args:
        places: Whose mark they carry.
        spared: Those that are left alone.
        grace_s: Seconds in which they may end by themselves before they are killed.

    Returns:
        Those that there were.

    Raises:
        PipelineError: If one still runs afterwards.
    """
    ended: set[int] = set()
    for number, patience_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, KILL_S)):
        told: set[int] = set()
        deadline = time.monotonic() + patience_s
        while left := [pid for pid in find_members(places) if pid not in spared]:
            ended.update(left)
            # Also those that were started meanwhile.
            for pid in set(left) - told:
                _send(pid, number)
            told.update(left)
            if time.monotonic() >= deadline:
                break
            time.sleep(POLL_S)
        else:
            return sorted(ended)
    raise PipelineError(
        f"processes {', '.join(map(str, left))} of the services could not be ended; end them "
        "yourself, then run this again"
    )


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
        # One that was halted hears only then that it is to end.
        os.kill(pid, signal.SIGCONT)


def _read_proc(mark: str) -> Iterator[int]:
    wanted = os.fsencode(mark)
    for folder in Path("/proc").iterdir():
        # Processes of others may not be read, and any may end meanwhile.
        with suppress(OSError):
            if folder.name.isdigit() and wanted in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name)


def _read_ps(mark: str) -> Iterator[int]:
    asked = ["ps", "-axwwE", "-o", "pid=,command="]
    said = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603
    for line in said.stdout.splitlines():
        if mark in line.split():
            yield int(line.split()[0])
