"""Whom the day's cap has locked out, so that nobody else is let in when the day is over."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import PipelineError
from pipelines.people.day import read_day
from pipelines.private_file import read_private, write_private
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
    said = read_private(path, "the list of who is locked out")
    if said is None:
        return Locks({}, {})
    try:
        return Locks({**said["locked"]}, {**said["spared"]})
    except (KeyError, TypeError) as error:
        raise PipelineError(
            f"`{path}` does not say who is locked out; restore it, or remove it and run `serloop "
            "people reactivate` for whoever is"
        ) from error


def write_locks(settings: Settings, locks: Locks) -> None:
    """Replace the locks of a home as a whole."""
    write_private(_place(settings), {"locked": dict(locks.locked), "spared": dict(locks.spared)})


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
