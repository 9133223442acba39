"""A process is ours only if it is the one we started, and ends with all it started."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.label_studio.process import (
    ServerProcess,
    claim,
    is_claimed,
    read_process,
    read_start,
    spawn,
    stop,
    write_process,
)

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """Run a program that is none of our business, as the leader of a group."""
    process = subprocess.Popen(SLEEP, start_new_session=True)
    yield process
    process.kill()
    process.wait()


def describe(process: subprocess.Popen[bytes]) -> ServerProcess:
    """Return what is written down about a process."""
    start = read_start(process.pid)
    assert start is not None
    return ServerProcess(process.pid, start, 18080)


def test_a_process_is_alive_until_it_ends(stranger: subprocess.Popen[bytes]) -> None:
    """One that has ended is not, even before its parent has asked."""
    process = describe(stranger)
    assert process.is_alive()
    stranger.kill()
    os.waitid(os.P_PID, stranger.pid, os.WEXITED | os.WNOWAIT)
    assert not process.is_alive()


def test_a_number_that_was_given_again_is_not_ours(
    stranger: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    """A process file from before a crash or a restart never ends somebody else's program."""
    stale = replace(describe(stranger), started="an earlier life")
    assert not stale.is_alive()
    stop(stale, tmp_path / "lock", grace_s=0)
    assert stranger.poll() is None


def test_process_file_is_read_as_written(tmp_path: Path) -> None:
    """What is written comes back."""
    process = ServerProcess(1, "boot 7", 18080)
    write_process(tmp_path / "process.json", process)
    assert read_process(tmp_path / "process.json") == process


@pytest.mark.parametrize("text", ["", "{}", '{"pid": "x"}', "[]"])
def test_a_broken_process_file_says_nothing(tmp_path: Path, text: str) -> None:
    """It is as good as none."""
    (tmp_path / "process.json").write_text(text)
    assert read_process(tmp_path / "process.json") is None


def test_a_lock_is_held_once(tmp_path: Path) -> None:
    """The second who asks gets none, and it is free afterwards."""
    with claim(tmp_path / "lock") as first, claim(tmp_path / "lock") as second:
        assert first is not None
        assert second is None
    assert not is_claimed(tmp_path / "lock")


def test_asking_makes_no_lock(tmp_path: Path) -> None:
    """A look at a home leaves it as it was."""
    assert not is_claimed(tmp_path / "lock")
    assert list(tmp_path.iterdir()) == []


CHILDREN = """
import os, signal, sys, time
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print(os.getpid(), flush=True)
time.sleep(600)
"""


def test_stopping_waits_for_the_whole_group(tmp_path: Path) -> None:
    """A child that does not listen is killed, and the lock that it inherited is free then."""
    lock = tmp_path / "lock"
    with claim(lock) as held:
        assert held is not None
        command = [sys.executable, "-c", CHILDREN]
        started = spawn(command, {}, lock=held, log=tmp_path / "log", folder=tmp_path)
    process = describe(started)
    deadline = time.monotonic() + 120
    while not (child := (tmp_path / "log").read_text().strip()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert is_claimed(lock)
    stop(process, lock, grace_s=0.3)
    assert started.wait() == -signal.SIGTERM
    assert read_start(int(child)) is None
    assert not is_claimed(lock)


def test_a_new_log_keeps_the_one_before(tmp_path: Path) -> None:
    """A server that does not start again leaves the reason of the first time readable."""
    (tmp_path / "log").write_text("before\n")
    with claim(tmp_path / "lock") as held:
        assert held is not None
        command = [sys.executable, "-c", "print('now')"]
        spawn(command, {}, lock=held, log=tmp_path / "log", folder=tmp_path).wait()
    assert (tmp_path / "log.1").read_text() == "before\n"
    assert (tmp_path / "log").read_text() == "now\n"
    assert (tmp_path / "log").stat().st_mode & 0o077 == 0
