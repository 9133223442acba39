"""A backup is whole, holds each file once, and says what it could not find."""

import shutil
from pathlib import Path

import pytest

from pipelines.backup import make
from pipelines.backup.make import backup
from pipelines.backup.restore import restore
from pipelines.backup.vault import Vault, open_vault
from pipelines.errors import PipelineError
from pipelines.maintain import maintain
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.places import make_settings
from tests.warehouse.writer import ROWS, writing
from warehouse import queries
from warehouse.backup import CatalogCopy
from warehouse.maintenance import merge_files
from warehouse.testing import make_rows

SILENT = SilentProgress()


def commit_clips(settings: Settings, name: str, rows: int = 20) -> None:
    """Commit clips, more than the catalog keeps itself."""
    with open_store(settings) as store:
        ids = [f"{name}/{row}" for row in range(rows)]
        store.commit({"clips": make_rows("clips", clip_id=ids)}, message=name)


def test_only_what_is_new_is_copied(settings: Settings, tmp_path: Path) -> None:
    """Again, nothing; after a commit, its file and the catalog."""
    commit_clips(settings, "a")
    vault = tmp_path / "vault"
    first = backup(settings, SILENT, folder=vault)
    assert first.new_files == first.files
    again = backup(settings, SILENT, folder=vault)
    assert (again.name, again.new_files, again.new_bytes) == (first.name, 0, 0)
    commit_clips(settings, "b")
    later = backup(settings, SILENT, folder=vault)
    assert (later.files, later.new_files) == (first.files + 1, 2)
    assert Vault(vault).names() == (first.name, later.name)


def test_a_backup_while_another_process_writes_is_whole(settings: Settings, tmp_path: Path) -> None:
    """Upkeep merges and removes files meanwhile, too; what comes back holds whole commits."""
    open_store(settings).close()
    made = []
    with writing(settings.catalog, settings.data_path):
        while len({one.snapshot for one in made}) < 3:
            made.append(backup(settings, SILENT, folder=tmp_path / "vault"))
            with open_store(settings) as store:
                merge_files(store, grace_s=0)
    for number, name in enumerate({made[0].name, made[-1].name}):
        new = make_settings(tmp_path / f"new-{number}")
        restore(new, SILENT, folder=tmp_path / "vault", name=name)
        with open_store(new) as store:
            rows = queries.count_rows(store)
        assert rows["votes"] == rows["features"] // ROWS * (ROWS + 3)


def test_a_file_that_goes_away_meanwhile_is_no_harm(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that upkeep merged after the catalog was copied: it is copied once more."""
    commit_clips(settings, "a")
    commit_clips(settings, "b")
    copy, calls = make.copy_catalog, []

    def copy_then_merge(catalog: str, target: Path) -> CatalogCopy:
        copied = copy(catalog, target)
        calls.append(copied)
        with open_store(settings) as store:
            merge_files(store, grace_s=0)
        return copied

    monkeypatch.setattr(make, "copy_catalog", copy_then_merge)
    backup(settings, SILENT, folder=tmp_path / "vault")
    assert len(calls) == 2
    new = make_settings(tmp_path / "new")
    restore(new, SILENT, folder=tmp_path / "vault")
    with open_store(new) as store:
        assert queries.count_rows(store)["clips"] == 40


def test_a_warehouse_that_lacks_a_file_is_not_backed_up(settings: Settings, tmp_path: Path) -> None:
    """The file is named; no backup is there that could not be restored."""
    commit_clips(settings, "a")
    (lost,) = Path(settings.data_path).rglob("clips/*.parquet")
    lost.rename(tmp_path / "lost")
    with pytest.raises(PipelineError, match=lost.name):
        backup(settings, SILENT, folder=tmp_path / "vault")
    lost.write_bytes((tmp_path / "lost").read_bytes()[:-1])
    with pytest.raises(PipelineError, match=lost.name):
        backup(settings, SILENT, folder=tmp_path / "vault")
    assert Vault(tmp_path / "vault").names() == ()


def test_the_oldest_give_way(settings: Settings, tmp_path: Path) -> None:
    """Two are kept, with all their files, and nothing else."""
    vault = tmp_path / "vault"
    removed = []
    for name in "abcd":
        commit_clips(settings, name)
        removed.append(backup(settings, SILENT, folder=vault, keep=2).removed)
    assert removed == [0, 0, 1, 1]
    kept = Vault(vault)
    needed = {entry.sha256 for name in kept.names() for entry in kept.read(name).files}
    assert {path.name for path in vault.glob("files/*/*")} == needed
    for name in kept.names():
        restore(settings, SILENT, folder=vault, name=name, check=True)


def test_secrets_and_half_written_files_are_left_out(filled: Settings, tmp_path: Path) -> None:
    """Neither keys nor trainings that go on are in a backup unless asked for; weights are."""
    name = backup(filled, SILENT, folder=tmp_path / "vault").name
    files = Vault(tmp_path / "vault").read(name).files
    near = {entry.path for entry in files if entry.part != "data"}
    assert near == {"catalog", "models/-", "models/weighty.safetensors", "reports/toy.html"}
    backup(filled, SILENT, folder=tmp_path / "all", secrets=True)
    (every,) = Vault(tmp_path / "all").names()
    secret = {entry.path for entry in Vault(tmp_path / "all").read(every).of("secret")}
    assert secret == {"gateway/keys.json", "people/links.json", "serving/keys.json"}


def test_weights_that_are_gone_or_other_are_told(filled: Settings, tmp_path: Path) -> None:
    """They hinder no backup, and are named in it; so are baselines and bundles."""
    made = backup(filled, SILENT, folder=tmp_path / "vault")
    assert made.missing == ("-", "-/bundle.json")
    (filled.artifacts / "weighty.safetensors").write_bytes(b"others")
    made = backup(filled, SILENT, folder=tmp_path / "vault")
    assert set(made.missing) == {"-", "-/bundle.json", "weighty.safetensors"}
    assert "weighty" in str(made.rows()[0]["missing_files"])


def test_a_folder_holds_the_backups_of_one_warehouse(settings: Settings, tmp_path: Path) -> None:
    """Neither another's nor other things are mixed with them, and two never write at once."""
    commit_clips(settings, "a")
    vault = tmp_path / "vault"
    backup(settings, SILENT, folder=vault)
    other = make_settings(tmp_path / "other")
    commit_clips(other, "a")
    with pytest.raises(PipelineError, match="backups of another warehouse"):
        backup(other, SILENT, folder=vault)
    with (
        open_vault(vault, writing=False),
        pytest.raises(PipelineError, match="another backup or restore"),
    ):
        backup(settings, SILENT, folder=vault)
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "song.mp3").touch()
    with pytest.raises(PipelineError, match=r"holds other things, such as `song\.mp3`"):
        backup(settings, SILENT, folder=tmp_path / "music")


def test_there_must_be_something_and_somewhere(settings: Settings, tmp_path: Path) -> None:
    """No warehouse and no folder are each told."""
    with pytest.raises(PipelineError, match="SERLOOP_MAINTENANCE__BACKUP"):
        backup(settings, SILENT)
    with pytest.raises(PipelineError, match="there is no warehouse"):
        backup(settings, SILENT, folder=tmp_path / "vault")
    assert not settings.home.exists()


def test_a_damaged_file_is_healed_by_the_next_backup(settings: Settings, tmp_path: Path) -> None:
    """A file of another size than recorded is copied again."""
    commit_clips(settings, "a")
    vault = tmp_path / "vault"
    name = backup(settings, SILENT, folder=vault).name
    entry = next(entry for entry in Vault(vault).read(name).files if entry.part == "data")
    Vault(vault).path_of(entry.sha256).write_bytes(b"")
    with pytest.raises(PipelineError, match="damaged"):
        restore(settings, SILENT, folder=vault, check=True)
    backup(settings, SILENT, folder=vault)
    assert restore(settings, SILENT, folder=vault, check=True).is_check


def test_nightly_upkeep_backs_up(settings: Settings, tmp_path: Path) -> None:
    """Where a folder is set; a dry run and `--no-backup` do not."""
    commit_clips(settings, "a")
    maintenance = settings.maintenance.model_copy(update={"backup": tmp_path / "vault"})
    nightly = settings.model_copy(update={"maintenance": maintenance})
    assert maintain(settings, SILENT).backup is None
    assert maintain(nightly, SILENT, dry_run=True).backup is None
    assert maintain(nightly, SILENT, backup=False).backup is None
    done = maintain(nightly, SILENT)
    assert done.rows()[0]["backup"] == Vault(tmp_path / "vault").names()[0]
    shutil.rmtree(tmp_path / "vault")
