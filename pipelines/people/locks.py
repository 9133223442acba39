"""Whom the day's cap has locked out, so that nobody else is let in when the day is over."""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import PipelineError
from pipelines.label_studio.identity import OWNER_ONLY
from pipelines.people.day import read_day
from pipelines.settings import Settings


@dataclass(frozen=True)
class Locks:
    """Who is locked out, and who is spared.

    Args:
        locked: Day on which the cap locked an annotator out, by annotator.
        spared: Day on which somebody let an annotator in by hand, by annotator.
    """

    locked: Mapping[str, str]
    spared: Mapping[str, str]


def read_locks(settings: Settings) -> Locks:
    """Return the locks of a home.

    Raises:
        PipelineError: If their file cannot be used.
    """
    path = _place(settings)
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return Locks({**said["locked"]}, {**said["spared"]})
    except FileNotFoundError:
        return Locks({}, {})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PipelineError(
            f"`{path}` does not say who is locked out; restore it, or remove it and run `serloop "
            "people reactivate` for whoever is"
        ) from error


def write_locks(settings: Settings, locks: Locks) -> None:
    """Replace the locks of a home as a whole."""
    path = _place(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    text = json.dumps({"locked": dict(locks.locked), "spared": dict(locks.spared)}, indent=2)
    file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(file, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(path)


def forget(settings: Settings, annotator: str) -> None:
    """Leave somebody's account alone when the day is over: a person locked it."""
    _change(settings, annotator, is_spared=False)


def spare(settings: Settings, annotator: str) -> None:
    """Do not lock somebody out again today: a person let them in."""
    _change(settings, annotator, is_spared=True)


def _change(settings: Settings, annotator: str, *, is_spared: bool) -> None:
    kept = read_locks(settings)
    today = read_day(settings.people.time_zone).name
    locked = {name: day for name, day in kept.locked.items() if name != annotator}
    spared = {name: day for name, day in kept.spared.items() if name != annotator and day == today}
    if is_spared:
        spared[annotator] = today
    if (locked, spared) != (kept.locked, kept.spared):
        write_locks(settings, Locks(locked, spared))


def _place(settings: Settings) -> Path:
    return settings.home / "people" / "locks.json"
