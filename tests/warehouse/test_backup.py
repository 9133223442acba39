"""A copied catalog and the files it names are the lake as it was, whatever is written since."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.warehouse.writer import ROWS, writing
from warehouse import S3Access, Warehouse, WarehouseError, open_warehouse, queries, write_shard
from warehouse.backup import catalog_kind, copy_catalog, has_lake, restore_catalog
from warehouse.maintenance import merge_files
from warehouse.schemas import TABLES
from warehouse.testing import make_rows


@pytest.fixture(params=["sqlite", "postgres"])
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the place of a new catalog of either kind."""
    if request.param == "sqlite":
        return f"{tmp_path}/lake/catalog.sqlite"
    address: str = request.getfixturevalue("postgres_catalog")
    return address


@pytest.fixture
def elsewhere(catalog: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return another place of the same kind."""
    if catalog_kind(catalog) == "sqlite":
        return f"{tmp_path}/elsewhere/catalog.sqlite"
    server = request.getfixturevalue("postgres")
    name = f"other_{tmp_path.name.replace('-', '_').lower()}"
    server.psql(f"CREATE DATABASE {name}")
    address: str = server.get_uri(database=name)
    return address


def fill(lake: Warehouse) -> None:
    """Commit odd rows that stay in the catalog, many that go to files, and a shard."""
    odd = ["c/1", "c/2\x00'\n\\ü\u2028\r", 'c/3"; --']
    few = make_rows("clips", clip_id=odd, snr_db=[float("inf"), -0.1, None], flags=[["a'"], [], []])
    bytes_too = make_rows("waveforms", clip_id=odd, pcm16=[b"\0\xff'\\", b"", b"x"])
    many = make_rows("votes", vote_id=[f"{row:03d}" for row in range(700)])
    shard = write_shard(
        lake.data_path, "features", make_rows("features", clip_id=odd, values=[[1.5]] * 3)
    )
    rows = {"clips": few, "waveforms": bytes_too, "votes": many}
    lake.commit(rows, shards=[shard], message="it's odd")
    for row in range(3):
        lake.commit({"remarks": make_rows("remarks", remark_id=[str(row)])}, message="remark")


def read_all(lake: Warehouse) -> dict[str, str]:
    """Return every row of every table, in order."""
    return {
        name: repr(lake._connection.table(f"lake.main.{name}").order("ALL").fetchall())
        for name in TABLES
    }


def test_a_copy_elsewhere_is_equal_row_for_row(
    catalog: str, elsewhere: str, tmp_path: Path
) -> None:
    """Every table of every snapshot comes back, with a data path of its own, and goes on."""
    with open_warehouse(catalog, f"{tmp_path}/data") as lake:
        fill(lake)
        before, newest = read_all(lake), lake.snapshot
    copied = copy_catalog(catalog, tmp_path / "copy")
    assert (copied.kind, copied.snapshot) == (catalog_kind(catalog), newest)
    assert {file.path.split("/")[1] for file in copied.files} >= {"features", "votes"}
    for file in copied.files:
        target = tmp_path / "moved" / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / file.path).rename(target)
        assert target.stat().st_size == file.size
    assert not has_lake(elsewhere)
    restore_catalog(tmp_path / "copy", elsewhere, f"{tmp_path}/moved/")
    assert has_lake(elsewhere)
    with open_warehouse(elsewhere, f"{tmp_path}/moved") as back:
        assert (back.snapshot, read_all(back)) == (newest, before)
        more = back.commit({"votes": make_rows("votes", vote_id=["new"])}, message="on")
        assert more.snapshot == newest + 1
    with open_warehouse(elsewhere, f"{tmp_path}/moved", snapshot=newest - 2) as past:
        assert queries.count_rows(past)["remarks"] == 1
    again = copy_catalog(elsewhere, tmp_path / "again")
    assert again.lake == copied.lake


def test_an_unchanged_catalog_gives_the_same_bytes(catalog: str, tmp_path: Path) -> None:
    """So it is kept once, however often it is backed up."""
    with open_warehouse(catalog, f"{tmp_path}/data") as lake:
        fill(lake)
    copies = [tmp_path / "first", tmp_path / "second"]
    for copy in copies:
        copy_catalog(catalog, copy)
    assert copies[0].read_bytes() == copies[1].read_bytes()


def test_a_copy_while_another_process_writes_is_whole(
    catalog: str, elsewhere: str, tmp_path: Path
) -> None:
    """Each copy holds whole commits, and every file it names is there."""
    data = f"{tmp_path}/data"
    open_warehouse(catalog, data).close()
    copies = []
    with writing(catalog, data):
        while len({copied.snapshot for copied in copies}) < 3:
            copies.append(copy_catalog(catalog, tmp_path / f"copy-{len(copies)}"))
    middle = len(copies) // 2
    assert all((tmp_path / "data" / file.path).is_file() for file in copies[middle].files)
    restore_catalog(tmp_path / f"copy-{middle}", elsewhere, f"{data}/")
    with open_warehouse(elsewhere, data, snapshot=copies[middle].snapshot) as past:
        rows = queries.count_rows(past)
    assert rows["votes"] == rows["features"] // ROWS * (ROWS + 3)


def test_what_is_there_is_never_overwritten(catalog: str, tmp_path: Path) -> None:
    """A restore onto a lake is refused, and the lake stays."""
    with open_warehouse(catalog, f"{tmp_path}/data") as lake:
        fill(lake)
    copy_catalog(catalog, tmp_path / "copy")
    with pytest.raises(WarehouseError, match="there is one already"):
        restore_catalog(tmp_path / "copy", catalog, f"{tmp_path}/data/")
    with open_warehouse(catalog, f"{tmp_path}/data") as lake:
        assert queries.count_rows(lake)["votes"] == 700


def test_a_restore_that_fails_leaves_nothing(catalog: str, elsewhere: str, tmp_path: Path) -> None:
    """A catalog that is cut off in the middle is no lake afterwards."""
    with open_warehouse(catalog, f"{tmp_path}/data") as lake:
        fill(lake)
    copy = tmp_path / "copy"
    copy_catalog(catalog, copy)
    copy.write_bytes(copy.read_bytes()[: copy.stat().st_size // 2 + 1])
    with pytest.raises((WarehouseError, sqlite3.DatabaseError)):
        restore_catalog(copy, elsewhere, f"{tmp_path}/data/")
    assert not has_lake(elsewhere)


def test_files_that_wait_for_deletion_are_not_restored(catalog: str, tmp_path: Path) -> None:
    """They are named by no snapshot; a catalog that remembered them would miss them."""
    with open_warehouse(catalog, f"{tmp_path}/data") as lake:
        for name in "ab":
            ids = [f"{name}{row}" for row in range(20)]
            lake.commit({"clips": make_rows("clips", clip_id=ids)}, message=name)
        assert merge_files(lake, grace_s=3600) == 2
    copied = copy_catalog(catalog, tmp_path / "copy")
    assert len([file for file in copied.files if "/clips/" in file.path]) == 1


def test_a_damaged_sqlite_catalog_is_not_copied(tmp_path: Path) -> None:
    """The message says which file, and what SQLite found."""
    catalog = tmp_path / "catalog.sqlite"
    with open_warehouse(str(catalog), f"{tmp_path}/data") as lake:
        fill(lake)
    with closing(sqlite3.connect(catalog)) as it:
        it.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    content = bytearray(catalog.read_bytes())
    content[4096 * 3 : 4096 * 6] = b"\xaa" * 4096 * 3
    catalog.write_bytes(content)
    with pytest.raises(WarehouseError, match=r"cannot copy the catalog `.*catalog\.sqlite`"):
        copy_catalog(str(catalog), tmp_path / "copy")


def test_a_catalog_that_is_not_there_is_told(tmp_path: Path, postgres_catalog: str) -> None:
    """Nothing is made by asking."""
    with pytest.raises(WarehouseError, match="there is no"):
        copy_catalog(f"{tmp_path}/none.sqlite", tmp_path / "copy")
    with pytest.raises(WarehouseError, match="holds no lake"):
        copy_catalog(postgres_catalog, tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_a_password_is_never_shown(tmp_path: Path) -> None:
    """An unreachable server is named without it."""
    with pytest.raises(WarehouseError) as raised:
        copy_catalog("postgresql://ser:hunter2@127.0.0.1:1/lake", tmp_path / "copy")
    assert "hunter2" not in str(raised.value)


def test_s3_files_are_named_alike(s3: S3Access, tmp_path: Path) -> None:
    """A lake in a bucket names its files relative to its data path as well."""
    catalog = f"{tmp_path}/catalog.sqlite"
    with open_warehouse(catalog, f"s3://lake/{tmp_path.name}", s3=s3) as lake:
        rows = make_rows("features", clip_id=["c"])
        shard = write_shard(lake.data_path, "features", rows, s3=s3)
        lake.commit(shards=[shard], message="one")
        root = lake.data_path
    copied = copy_catalog(catalog, tmp_path / "copy")
    assert shard.path in [f"{root}{file.path}" for file in copied.files]
