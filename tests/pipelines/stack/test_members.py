"""Processes of the services are found and ended, whoever started them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pipelines.settings import Settings
from pipelines.stack.members import end_members, find_members
from pipelines.stack.places import StackPlaces, find_stack_places

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
CHILD = (
    "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', "
    "'import time; time.sleep(600)'], start_new_session=True).pid, flush=True)"
)


@pytest.fixture
def places(tmp_path: Path) -> Iterator[StackPlaces]:
    """Return the places of a home; whatever carries their mark is ended afterwards."""
    found = find_stack_places(Settings(home=tmp_path))
    yield found
    for pid in find_members(found):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def start(places: StackPlaces, code: str) -> subprocess.Popen[str]:
    """Start a program with the mark, and wait until it says something."""
    name, mark = places.mark
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, name: mark},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process


def test_a_child_in_a_session_of_its_own_is_found_after_its_parent(places: StackPlaces) -> None:
    """Neither a new session nor an orphan's new parent hides it."""
    parent = start(places, CHILD)
    assert parent.stdout is not None
    said = parent.stdout.readline()
    parent.wait(30)
    assert find_members(places) == [int(said)]
    assert end_members(places) == [int(said)]
    assert find_members(places) == []


def test_one_that_does_not_want_to_end_is_killed(places: StackPlaces) -> None:
    """It is asked first, and has some time."""
    process = start(places, f"{STUBBORN}print('up', flush=True); time.sleep(600)")
    assert process.stdout is not None
    process.stdout.readline()
    assert end_members(places, grace_s=0.3) == [process.pid]
    assert process.wait(10) == -signal.SIGKILL


def test_one_that_was_halted_is_ended_kindly(places: StackPlaces) -> None:
    """It is woken, so that it hears that it is to end."""
    process = start(places, "import time; print('up', flush=True); time.sleep(600)")
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGSTOP)
    end_members(places, grace_s=10)
    assert process.wait(10) == -signal.SIGTERM


def test_others_are_left_alone(places: StackPlaces, tmp_path: Path) -> None:
    """Those of another home, those that are spared, and this process."""
    other = find_stack_places(Settings(home=tmp_path / "other"))
    stranger = start(other, "import time; time.sleep(600)")
    spared = start(places, "import time; time.sleep(600)")
    time.sleep(0.1)
    try:
        assert end_members(places, spared={spared.pid}) == []
        assert (stranger.poll(), spared.poll()) == (None, None)
    finally:
        stranger.kill()
        stranger.wait()
