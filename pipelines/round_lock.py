"""One round of a campaign at a time, on this machine: a lock that dies with whoever holds it."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path

from pipelines.errors import PipelineError
from pipelines.label_studio.process import claim, is_claimed
from pipelines.settings import Settings

# Who holds a lock may enter again: a round is found due and then made under one lock.
_held: ContextVar[frozenset[Path]] = ContextVar("held", default=frozenset())


class RoundRunningError(PipelineError):
    """Another process makes a round of the campaign."""


def lock_of(settings: Settings, campaign: str) -> Path:
    """Return the file that is locked while a round of a campaign is made.

    Example:
        >>> lock_of(Settings(home=Path("h")), "calls/2026").as_posix()
        'h/rounds/calls-2026.lock'
    """
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", campaign)
    return settings.home / "rounds" / f"{name}.lock"


def is_running(settings: Settings, campaign: str) -> bool:
    """Return whether a round of a campaign is being made on this machine."""
    path = lock_of(settings, campaign)
    return path not in _held.get() and is_claimed(path)


def was_killed(settings: Settings, campaign: str) -> bool:
    """Return whether the process that last made a round of a campaign never came to its end."""
    path = lock_of(settings, campaign)
    return path.exists() and path.stat().st_size > 0 and not is_claimed(path)


@contextmanager
def claim_round(
    settings: Settings, campaign: str, *, again_if_failed: bool = False
) -> Iterator[bool]:
    """Make a round of a campaign while nobody else does.

    The kernel drops the lock with the process, whatever kills it, so that no round is blocked by
    one that died. Whoever holds it may claim it again. The file names its holder until the round
    has come to an end, good or bad, so that one that was killed is known.

    Args:
        settings: The home.
        campaign: The campaign.
        again_if_failed: Whether a round that fails counts as one that was killed.

    Yields:
        Whether the process that held it last was killed.

    Raises:
        RoundRunningError: Another process makes one; it is named.
    """
    path = lock_of(settings, campaign)
    if path in _held.get():
        yield False
        return
    with claim(path) as file:
        if file is None:
            raise RoundRunningError(
                f"a round of campaign `{campaign}` is being made{_describe(path)}; wait until it "
                "ends, or end it"
            )
        was_left = os.fstat(file).st_size > 0
        _write_holder(file)
        token = _held.set(_held.get() | {path})
        try:
            yield was_left
        except Exception:
            if not again_if_failed:
                os.truncate(file, 0)
            raise
        else:
            os.truncate(file, 0)
        finally:
            _held.reset(token)


def _write_holder(file: int) -> None:
    holder = {"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}
    os.truncate(file, 0)
    os.pwrite(file, json.dumps(holder).encode(), 0)


def _describe(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f" by process {holder['pid']} since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
