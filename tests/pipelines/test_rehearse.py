"""A rehearsal tells what an ingest would do and leaves no trace."""

import os
import shutil
from pathlib import Path

import pytest

from pipelines.ingest import ingest
from pipelines.progress import SilentProgress
from pipelines.rehearse import Rehearsal, rehearse
from pipelines.settings import Settings

SILENT = SilentProgress()


@pytest.fixture
def root(synthetic_root: Path, tmp_path: Path) -> Path:
    """Return a folder of three recordings."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    for number, path in enumerate(sorted(synthetic_root.glob("SYNF02/*.wav"))[:3]):
        shutil.copy2(path, folder / f"{number}.wav")
    return folder


def look(settings: Settings, root: Path) -> Rehearsal:
    """Rehearse the ingest of the folder as corpus `calls`."""
    return rehearse(settings, SILENT, corpus="folder", root=root, name="calls")


def test_where_no_warehouse_is_every_file_is_new_and_none_is_made(
    settings: Settings, root: Path
) -> None:
    """Looking creates nothing."""
    found = look(settings, root)
    assert found.paths == {"new": ["0.wav", "1.wav", "2.wav"]}
    assert found.unchanged == 0
    assert not settings.home.exists()


def test_every_kind_of_change_is_told_apart(settings: Settings, root: Path) -> None:
    """A touched file, a changed one, a new one and one that is gone; the rest stays shut."""
    shutil.copy2(root / "0.wav", root / "3.wav")
    ingest(settings, SILENT, corpus="folder", root=root, name="calls")
    os.utime(root / "0.wav", ns=(1, 1))
    (root / "1.wav").write_bytes((root / "2.wav").read_bytes())
    (root / "3.wav").unlink()
    shutil.copy2(root / "2.wav", root / "4.wav")
    before = sorted(settings.home.rglob("*"))
    found = look(settings, root)
    assert found.paths == {
        "touched": ["0.wav"], "changed": ["1.wav"], "vanished": ["3.wav"], "new": ["4.wav"]
    }  # fmt: skip
    assert found.unchanged == 1
    assert [row["would_be"] for row in found.rows()] == [
        "changed", "new", "touched", "vanished", "left unopened"
    ]  # fmt: skip
    assert sorted(settings.home.rglob("*")) == before
    result = ingest(settings, SILENT, corpus="folder", root=root, name="calls")
    assert (result.added, result.vanished, result.unchanged) == (2, 1, 2)


def test_rows_that_would_be_reported_are_named(settings: Settings, root: Path) -> None:
    """A manifest row without its file is told by its reason."""
    (root / "manifest.csv").write_text("path,label\n0.wav,joy\ngone.wav,anger\n", encoding="utf-8")
    found = rehearse(settings, SILENT, corpus="manifest", root=root, name="own")
    assert set(found.paths) == {"new", "missing_file"}
