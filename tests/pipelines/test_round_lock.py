"""One process makes a round of a campaign; a killed one holds nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.round_lock import (
    RoundRunningError,
    claim_round,
    is_running,
    lock_of,
    was_killed,
)
from pipelines.settings import Settings

HOLD = """
import sys, time
from pathlib import Path
from pipelines.round_lock import claim_round
from pipelines.settings import Settings
with claim_round(Settings(home=Path(sys.argv[1])), "demo"):
    print("held", flush=True)
    time.sleep(600)
"""


def hold(settings: Settings) -> "subprocess.Popen[str]":
    """Make a round in another process, until it is killed."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(settings.home)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_the_second_is_told_who_holds_it(settings: Settings) -> None:
    """It names the process; a killed one is in nobody's way, and is known to have been killed."""
    holder = hold(settings)
    try:
        assert is_running(settings, "demo")
        told = rf"campaign `demo` is being made by process {holder.pid} since 20"
        with pytest.raises(RoundRunningError, match=told), claim_round(settings, "demo"):
            pass
        assert not was_killed(settings, "demo")
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    # Claimed at the first try: it is never waited for.
    assert was_killed(settings, "demo")
    with claim_round(settings, "demo") as was_left:
        assert was_left
    assert not was_killed(settings, "demo")


def test_campaigns_do_not_wait_for_each_other(settings: Settings) -> None:
    """Each has a lock of its own."""
    with claim_round(settings, "a"), claim_round(settings, "b"):
        assert lock_of(settings, "a") != lock_of(settings, "b")


def test_who_holds_it_may_claim_it_again(settings: Settings) -> None:
    """A due round is found and made under one lock, which the inner claim does not end."""
    with claim_round(settings, "demo"):
        with claim_round(settings, "demo") as was_left:
            assert not was_left
        assert lock_of(settings, "demo").stat().st_size > 0
    assert lock_of(settings, "demo").stat().st_size == 0


@pytest.mark.parametrize("again", [False, True])
def test_a_failure_is_an_end_unless_it_is_to_be_tried_again(
    settings: Settings, again: bool
) -> None:
    """What a person asked for and was refused is over; what was due stays due."""
    with (
        pytest.raises(ValueError, match="no"),
        claim_round(settings, "demo", again_if_failed=again),
    ):
        raise ValueError("no")
    assert was_killed(settings, "demo") is again


def test_looking_makes_nothing(tmp_path: Path) -> None:
    """Neither a folder nor a file."""
    settings = Settings(home=tmp_path / "none")
    assert not is_running(settings, "demo")
    assert not was_killed(settings, "demo")
    assert not settings.home.exists()
