"""The folder of backups finds what it was given, and notices what changed."""

from io import BytesIO
from pathlib import Path

import pytest

from pipelines.backup.listing import list_backups
from pipelines.backup.manifest import Entry, Manifest, read_manifest, write_manifest
from pipelines.backup.vault import Vault, open_vault
from pipelines.errors import PipelineError

MANIFEST = Manifest(
    made_at="2026-11-23T03:30:00.123+00:00",
    code_version="1",
    lake="lake",
    kind="sqlite",
    snapshot=7,
    rows={"votes": 3},
    files=(Entry("data", "main/ü\n.parquet", "ab" * 32, 5), Entry("home", "models/a", "cd", 1, 9)),
    missing=("b",),
)


def keep(vault: Vault, content: bytes) -> Entry:
    """Keep a file and return what a manifest says of it."""
    digest, size, _ = vault.add(BytesIO(content))
    return Entry("data", "it", digest, size)


def test_a_manifest_comes_back() -> None:
    """Odd names included; each file is one line."""
    written = write_manifest(MANIFEST)
    assert read_manifest(written) == MANIFEST
    assert write_manifest(read_manifest(written)) == written
    assert len([line for line in written.splitlines() if b'"sha256"' in line]) == 2


def test_a_manifest_of_a_newer_version_is_refused() -> None:
    """The message says which version reads what."""
    newer = write_manifest(MANIFEST).replace(b'"format": 1', b'"format": 2')
    with pytest.raises(PipelineError, match="format 2, and this version of serloop reads 1"):
        read_manifest(newer)


def test_equal_files_are_kept_once(tmp_path: Path) -> None:
    """The second is not new; both are found by size and by content."""
    with open_vault(tmp_path / "vault", writing=True) as vault:
        assert vault.add(BytesIO(b"content"))[2]
        entry = keep(vault, b"content")
        assert not vault.add(BytesIO(b"content"))[2]
        assert (vault.holds(entry), vault.check(entry)) == (True, None)
        assert not vault.holds(Entry("data", "it", "00" * 32, 7))
        vault.path_of(entry.sha256).write_bytes(b"kontent")
        assert "other bytes" in str(vault.check(entry))
        # Offered again, the good one takes the place of the damaged one.
        keep(vault, b"content")
        assert vault.check(entry) is None
    assert len(list((tmp_path / "vault").glob("files/*/*"))) == 1


def test_what_a_killed_backup_left_is_swept(tmp_path: Path) -> None:
    """Files that never got their name go at the next backup, and when one ends."""
    stray = tmp_path / "vault" / "incoming" / "half"
    stray.parent.mkdir(parents=True)
    stray.touch()
    with open_vault(tmp_path / "vault", writing=True) as vault:
        assert not stray.exists()
        assert vault.incoming.is_dir()
    assert not stray.parent.exists()


def test_backups_are_listed_by_age(tmp_path: Path) -> None:
    """Names begin with the time, so that the newest is the last."""
    with pytest.raises(PipelineError, match="holds no backup"):
        list_backups(tmp_path)
    with open_vault(tmp_path / "vault", writing=True) as vault:
        name = vault.write(MANIFEST)
    assert name.startswith("2026-11-23T03-30-00.123Z-")
    (row,) = list_backups(tmp_path / "vault").rows()
    assert (row["backup"], row["snapshot"], row["files"], row["rows"]) == (name, 7, 2, 3)
