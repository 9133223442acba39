"""Files are written once, listed and deleted, on a disk and in a bucket."""

from pathlib import Path

import pytest

from warehouse import S3Access, WarehouseError
from warehouse.storage import delete_file, find_file, list_folder, write_once


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, S3Access | None]:
    """Return an empty folder of either kind, and the access to it."""
    if request.param == "folder":
        return f"{tmp_path}/some/", None
    return f"s3://lake/{tmp_path.name}/", request.getfixturevalue("s3")


def test_a_file_is_written_listed_and_deleted(place: tuple[str, S3Access | None]) -> None:
    """Both kinds of place answer alike, also about what is not there."""
    folder, s3 = place
    path = f"{folder}file"
    assert (list(list_folder(folder, s3)), find_file(path, s3)) == ([], None)
    write_once(path, b"content", s3)
    write_once(path, b"content", s3)
    (listed,) = list_folder(folder, s3)
    assert (listed.path, listed.size) == (path, 7)
    assert find_file(path, s3) == listed
    delete_file(path, s3)
    delete_file(path, s3)
    assert (list(list_folder(folder, s3)), find_file(path, s3)) == ([], None)


def test_links_are_no_files(tmp_path: Path) -> None:
    """What a link points to is not ours to sweep."""
    (tmp_path / "link").symlink_to(__file__)
    assert list(list_folder(f"{tmp_path}/", None)) == []


def test_a_bucket_needs_access() -> None:
    """The message says what to pass."""
    with pytest.raises(WarehouseError, match=r"pass `s3=S3Access\(\.\.\.\)`"):
        write_once("s3://lake/file", b"", None)
