"""What comes back is what was there: every row of every snapshot, and models that reproduce."""

import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.backup import restore as restoring
from pipelines.backup.make import backup
from pipelines.backup.restore import MARKER, restore
from pipelines.backup.vault import Vault
from pipelines.cli import app
from pipelines.errors import PipelineError
from pipelines.evaluate import evaluate
from pipelines.ingest import ingest
from pipelines.maintain import maintain
from pipelines.progress import SilentProgress
from pipelines.reproduce import reproduce
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.workspace import open_store
from tests.pipelines.backup.homes import OnPlace, fill, list_snapshots, read_every_row
from tests.pipelines.places import make_settings
from warehouse.errors import WarehouseError
from warehouse.testing import make_rows

SILENT = SilentProgress()


def damage(vault: Path, name: str, path: str) -> Path:
    """Change one byte of a file of a backup."""
    entries = {entry.path: entry for entry in Vault(vault).read(name).files}
    file = Vault(vault).path_of(entries[path].sha256)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    return file


def test_every_row_of_every_snapshot_comes_back(place: OnPlace, tmp_path: Path) -> None:
    """Tables, pasts, weights and reports are equal, and the restored warehouse goes on."""
    old, new = place("old"), place("new")
    fill(old, tmp_path / "scratch")
    made = backup(old, SILENT, folder=tmp_path / "vault")
    done = restore(new, SILENT, folder=tmp_path / "vault")
    assert (done.name, done.snapshot, done.files) == (made.name, made.snapshot, made.files)
    assert list_snapshots(new) == list_snapshots(old)
    for snapshot in (*list_snapshots(old)[1:], None):
        before = read_every_row(old, snapshot)
        assert read_every_row(new, snapshot) == before
    assert all(rows != "[]" for rows in before.values())
    for path in ("models/weighty.safetensors", "reports/toy.html"):
        assert (new.home / path).read_bytes() == (old.home / path).read_bytes()
    with open_store(new) as store:
        assert store.check() == []
        more = store.commit({"gold": make_rows("gold", campaign=["more"])}, message="on")
    assert more.snapshot == done.snapshot + 1


@pytest.mark.parametrize(
    "place", ["sqlite, folder", pytest.param("postgres, s3", marks=pytest.mark.slow)], indirect=True
)
def test_a_model_reproduces_after_upkeep_and_a_restore(
    place: OnPlace, synthetic_root: Path, tmp_path: Path
) -> None:
    """All but the needed snapshots go, files are merged, and weights and figures come back."""
    old, new = place("old"), place("new")
    ingest(old, SILENT, corpus="synthetic", root=synthetic_root)
    model_id = train(old, SILENT, corpus="synthetic").model_id
    evaluate(old, SILENT, model_id=model_id)
    with open_store(old) as store:
        for number in range(4):
            rows = make_rows("clips", clip_id=[f"late/{number}-{row}" for row in range(20)])
            store.commit({"clips": rows}, message="late")
    all_there = list_snapshots(old)
    keep_none = {"maintenance": old.maintenance.model_copy(update={"keep_snapshots_d": 0})}
    kept = maintain(old.model_copy(update=keep_none), SILENT, grace_s=0)
    assert kept.expired > 5
    assert kept.merged > 0
    # And the first and the newest.
    assert len({*all_there} & {*list_snapshots(old)}) == kept.needed + 2
    assert reproduce(old, SILENT, model_id=model_id).is_equal
    backup(old, SILENT, folder=tmp_path / "vault")
    restore(new, SILENT, folder=tmp_path / "vault")
    assert list_snapshots(new) == list_snapshots(old)
    assert reproduce(new, SILENT, model_id=model_id).is_equal


def test_a_damaged_file_is_named_and_nothing_is_restored(filled: Settings, tmp_path: Path) -> None:
    """One byte that changed refuses the whole backup, wherever it is; the home stays empty."""
    vault = tmp_path / "vault"
    name = backup(filled, SILENT, folder=vault).name
    new = make_settings(tmp_path / "new")
    file = damage(vault, name, "models/weighty.safetensors")
    with pytest.raises(PipelineError, match=rf"`models/weighty\.safetensors` has other.*{file}"):
        restore(new, SILENT, folder=vault)
    with pytest.raises(PipelineError, match="damaged"):
        restore(new, SILENT, folder=vault, check=True)
    file.unlink()
    with pytest.raises(PipelineError, match=r"`models/weighty\.safetensors` cannot be read"):
        restore(new, SILENT, folder=vault)
    assert not new.home.exists()
    damage(vault, name, "catalog")
    with pytest.raises(PipelineError, match=r"catalog.*; home file"):
        restore(new, SILENT, folder=vault)


def test_a_damaged_manifest_is_refused(filled: Settings, tmp_path: Path) -> None:
    """What a backup holds cannot be changed either, and others in the folder can be chosen."""
    vault = tmp_path / "vault"
    name = backup(filled, SILENT, folder=vault).name
    manifest = vault / "manifests" / f"{name}.json"
    manifest.write_text(manifest.read_text().replace('"missing": [', '"missing": ["x",'))
    with pytest.raises(PipelineError, match=rf"damaged.*{name}"):
        restore(make_settings(tmp_path / "new"), SILENT, folder=vault)
    with pytest.raises(PipelineError, match=f"no backup `other`.*`{name}`"):
        restore(make_settings(tmp_path / "new"), SILENT, folder=vault, name="other")


def test_only_an_empty_place_is_restored_to(filled: Settings, tmp_path: Path) -> None:
    """A warehouse, another file in the home, or files at the data path are reason enough."""
    vault = tmp_path / "vault"
    backup(filled, SILENT, folder=vault)
    with pytest.raises(PipelineError, match="a warehouse already"):
        restore(filled, SILENT, folder=vault)
    used = make_settings(tmp_path / "used")
    used.home.mkdir()
    (used.home / "note.txt").touch()
    with pytest.raises(PipelineError, match=r"`.*/used` is not empty"):
        restore(used, SILENT, folder=vault)
    beside = make_settings(tmp_path / "new", warehouse={"data_path": filled.data_path})
    with pytest.raises(PipelineError, match=r"main/\w+/` is not empty"):
        restore(beside, SILENT, folder=vault)
    assert not beside.home.exists()


def test_a_catalog_of_another_kind_is_refused(filled: Settings, tmp_path: Path) -> None:
    """A SQLite catalog cannot be brought back to PostgreSQL; the server is not even asked."""
    backup(filled, SILENT, folder=tmp_path / "vault")
    elsewhere = make_settings(tmp_path / "new", warehouse={"catalog": "postgresql://x@h/lake"})
    with pytest.raises(PipelineError, match=r"a catalog of sqlite.*one of postgres"):
        restore(elsewhere, SILENT, folder=tmp_path / "vault")


def test_a_killed_restore_goes_on(
    filled: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no warehouse until all is there; run again, only what is missing is written."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    vault, new = tmp_path / "vault", make_settings(tmp_path / "new")
    backup(filled, SILENT, folder=vault)
    with monkeypatch.context() as patch:
        patch.setattr(restoring, "restore_catalog", end)
        with pytest.raises(KeyboardInterrupt):
            restore(new, SILENT, folder=vault)
    assert (new.home / MARKER).exists()
    assert not Path(new.catalog).exists()
    written = (new.home / "models" / "weighty.safetensors").stat().st_ino
    restore(new, SILENT, folder=vault)
    assert (new.home / "models" / "weighty.safetensors").stat().st_ino == written
    assert not (new.home / MARKER).exists()
    assert read_every_row(new) == read_every_row(filled)


def test_rows_that_are_not_there_are_told(
    filled: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes back is counted."""
    backup(filled, SILENT, folder=tmp_path / "vault")
    monkeypatch.setattr(restoring.queries, "count_rows", lambda _: {"votes": 1})
    with pytest.raises(WarehouseError, match="restored table `corpora` has None rows"):
        restore(make_settings(tmp_path / "new"), SILENT, folder=tmp_path / "vault")


def test_an_older_backup_can_be_chosen(filled: Settings, tmp_path: Path) -> None:
    """The newest is the default."""
    vault = tmp_path / "vault"
    first, before = backup(filled, SILENT, folder=vault), read_every_row(filled)
    with open_store(filled) as store:
        store.commit({"gold": make_rows("gold", campaign=["later"])}, message="later")
    backup(filled, SILENT, folder=vault)
    back, older = make_settings(tmp_path / "back"), make_settings(tmp_path / "older")
    assert restore(back, SILENT, folder=vault).name != first.name
    assert read_every_row(back) == read_every_row(filled)
    restore(older, SILENT, folder=vault, name=first.name)
    assert read_every_row(older) == before


def test_secrets_come_back_for_their_owner_alone(filled: Settings, tmp_path: Path) -> None:
    """They are left out unless asked for."""
    vault, new = tmp_path / "vault", make_settings(tmp_path / "new")
    backup(filled, SILENT, folder=vault, secrets=True)
    restore(new, SILENT, folder=vault)
    keys = new.home / "gateway" / "keys.json"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert json.loads(keys.read_text()) == {"password": "hunter2"}
    assert not (new.home / "gateway" / "gateway.lock").exists()
    open_to_all = [path for path in vault.rglob("*") if path.is_file() and path.stat().st_mode & 63]
    assert (open_to_all, stat.S_IMODE(vault.stat().st_mode)) == ([], 0o700)


def test_the_verbs_back_up_list_check_and_restore(filled: Settings, tmp_path: Path) -> None:
    """Each prints one row; a folder without backups ends with 1."""
    vault, new = str(tmp_path / "vault"), str(tmp_path / "new")

    def run(*arguments: str) -> dict[str, object]:
        done = CliRunner().invoke(app, [*arguments, "--json"])
        assert done.exit_code == 0, done.output
        (row,) = json.loads(done.stdout)
        return row

    made = run("backup", vault, "--home", str(filled.home))
    assert run("restore", vault, "--list")["backup"] == made["backup"]
    assert run("restore", vault, "--check")["done"] == "every file is as it was written"
    assert run("restore", vault, "--home", new)["home"] == new
    assert read_every_row(make_settings(tmp_path / "new")) == read_every_row(filled)
    none = CliRunner().invoke(app, ["restore", str(tmp_path / "empty"), "--home", f"{new}2"])
    assert (none.exit_code, "holds no backup" in none.output) == (1, True)
