"""What people corrected on the live page is in a backup, whenever it becomes a vote."""

import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.backup import make
from pipelines.backup.make import backup
from pipelines.backup.restore import restore
from pipelines.progress import SilentProgress
from pipelines.serving.page.record import Correction
from pipelines.serving.page.spool import Spool
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.places import make_settings

SILENT = SilentProgress()
SOUND = b"RIFF, a voice"


@pytest.fixture
def spool(settings: Settings) -> Spool:
    """Return the corrections of a home: one, with its sound, that is no vote yet."""
    open_store(settings).close()
    found = Spool(settings.home / "live")
    found.add(correct("a"), SOUND)
    return found


def correct(segment: str) -> Correction:
    """Return a correction of a segment."""
    return Correction(
        event=f"click-{segment}",
        segment=segment,
        session="visit",
        annotator="Ann",
        label="anger",
        heard="joy",
        lead_time_s=1.0,
        cast_at=datetime(2026, 11, 23, tzinfo=UTC),
        model_id="m",
        classes=("anger", "joy"),
        consent="I agree.",
    )


def bring_back(settings: Settings, tmp_path: Path) -> Spool:
    """Return the corrections of a home that a backup of another was restored to."""
    new = make_settings(tmp_path / "new")
    backup(settings, SILENT, folder=tmp_path / "vault")
    restore(new, SILENT, folder=tmp_path / "vault")
    return Spool(new.home / "live")


def test_what_waits_comes_back_for_its_owner_alone(
    settings: Settings, spool: Spool, tmp_path: Path
) -> None:
    """A correction that was answered is not lost with the disk, nor is a voice open to others."""
    back = bring_back(settings, tmp_path)
    assert back.waiting() == spool.waiting()
    assert back.sound("a").read_bytes() == SOUND
    assert stat.S_IMODE(back.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(back.sound("a").stat().st_mode) == 0o600


def test_what_becomes_a_vote_meanwhile_waits_once_more(
    settings: Settings, spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The warehouse that is copied may not have it yet; being stored twice it counts once."""
    copy = make.copy_catalog

    def copy_late(catalog: str, target: Path) -> Any:
        copied = copy(catalog, target)
        spool.settle(spool.waiting())
        return copied

    monkeypatch.setattr(make, "copy_catalog", copy_late)
    assert [item.segment for item in bring_back(settings, tmp_path).waiting()] == ["a"]


def test_what_is_gone_before_it_is_copied_is_no_harm(
    settings: Settings, spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Filed between being listed and being copied, it is found where it is filed."""
    copy_file = make.open_stored

    def settle_first(path: str, s3: None) -> Any:
        spool.settle(spool.waiting())
        return copy_file(path, s3)

    monkeypatch.setattr(make, "open_stored", settle_first)
    back = bring_back(settings, tmp_path)
    assert (len(back), back.is_stored("a"), back.has_sound("a")) == (0, True, True)
