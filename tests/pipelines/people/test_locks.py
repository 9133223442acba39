"""Who is locked out is remembered, for its owner alone."""

import stat
from pathlib import Path

import pytest

from pipelines.errors import PipelineError
from pipelines.people.day import read_day
from pipelines.people.locks import Locks, forget, read_locks, spare, write_locks
from pipelines.settings import Settings

TODAY = read_day("UTC").name


def test_a_home_without_locks_has_none(tmp_path: Path) -> None:
    """Nothing is made by asking."""
    assert read_locks(Settings(home=tmp_path)) == Locks({}, {})
    assert list(tmp_path.iterdir()) == []


def test_a_person_who_steps_in_overrules_the_cap(tmp_path: Path) -> None:
    """Kept out by hand: not let in at midnight. Let in by hand: not kept out again today."""
    settings = Settings(home=tmp_path)
    write_locks(settings, Locks({"a": TODAY, "b": TODAY, "c": TODAY}, {"d": "2026-01-01"}))
    forget(settings, "a")
    spare(settings, "b")
    assert read_locks(settings) == Locks({"c": TODAY}, {"b": TODAY})
    assert stat.S_IMODE((tmp_path / "people" / "locks.json").stat().st_mode) == 0o600


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    """Who is locked out must not be forgotten in silence."""
    path = tmp_path / "people" / "locks.json"
    path.parent.mkdir()
    path.write_text("{")
    path.chmod(0o600)
    with pytest.raises(PipelineError, match="does not say who is locked out"):
        read_locks(Settings(home=tmp_path))
