"""Where data files lie: a local folder or an S3 bucket."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

from warehouse.errors import WarehouseError

if TYPE_CHECKING:
    from pyarrow import fs

_S3 = "s3://"


@dataclass(frozen=True, slots=True)
class S3Access:
    """How to reach an S3-compatible object store.

    Args:
        key_id: Access key id.
        secret: Secret access key; never shown.
        region: Region of the bucket.
        endpoint: `host` or `host:port` without a scheme; None for AWS itself.
        url_style: `path` for most self-hosted stores, `vhost` for AWS.
        use_ssl: Whether to speak HTTPS.

    Example:
        >>> S3Access("AKIA", "hidden", endpoint="localhost:9000", url_style="path")
        S3Access(key_id='AKIA', region='us-east-1', endpoint='localhost:9000',
            url_style='path', use_ssl=True)
    """

    key_id: str
    secret: str = field(repr=False)
    region: str = "us-east-1"
    endpoint: str | None = None
    url_style: Literal["path", "vhost"] = "vhost"
    use_ssl: bool = True


def normalise_data_path(data_path: str, s3: S3Access | None) -> str:
    """Return the data path in the one spelling the catalog stores.

    Args:
        data_path: A local folder or `s3://bucket/prefix`.
        s3: Access to the object store; needed for the latter only.

    Returns:
        An absolute folder or an S3 URI, ending in `/`.

    Raises:
        WarehouseError: If the path is on S3 and `s3` is missing.

    Example:
        >>> normalise_data_path("/data//lake", None)
        '/data/lake/'
    """
    if not data_path.startswith(_S3):
        return f"{Path(data_path).resolve()}/"
    if s3 is None:
        raise WarehouseError(f"`data_path` is `{data_path}`; pass `s3=S3Access(...)` to reach it")
    return data_path.rstrip("/") + "/"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file below the data path.

    Args:
        path: Absolute path or S3 URI.
        size: Bytes.
        modified_s: When it was last written or offered again, seconds since 1970.
    """

    path: str
    size: int
    modified_s: float


def write_once(path: str, content: bytes | memoryview, s3: S3Access | None) -> None:
    """Write a content-addressed file unless it is there; readers never see a part of it.

    A file that is there looks new afterwards: whoever sweeps old files must not take one that is
    about to be committed.

    Args:
        path: Absolute path or S3 URI; equal paths imply equal content.
        content: The bytes.
        s3: Access to the object store, for an S3 URI.

    Raises:
        OSError: If the file cannot be written.
    """
    if path.startswith(_S3):
        # An object appears only once its upload is complete; its equal may replace it any time.
        with open_bucket(path, s3).open_output_stream(path.removeprefix(_S3)) as stream:
            stream.write(content)
        return
    target = Path(path)
    with suppress(FileNotFoundError):
        os.utime(target)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    # Unique per writer, and not *.parquet: an abandoned one is never taken for a shard.
    partial = target.with_name(f".{target.stem}.{uuid4().hex}.partial")
    try:
        with partial.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(target)
    except BaseException:
        with suppress(FileNotFoundError):
            partial.unlink()
        raise


def list_folder(folder: str, s3: S3Access | None) -> Iterator[StoredFile]:
    """Yield the files in a folder; none if there is no such folder.

    Args:
        folder: Absolute path or S3 URI, ending in `/`.
        s3: Access to the object store, for an S3 URI.

    Example:
        >>> list(list_folder("/no/such/folder/", None))
        []
    """
    if folder.startswith(_S3):
        yield from _list_objects(folder, s3)
        return
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            # One that vanishes meanwhile is none of ours any more.
            with suppress(FileNotFoundError):
                status = entry.stat(follow_symlinks=False)
                if entry.is_file(follow_symlinks=False):
                    yield StoredFile(entry.path, status.st_size, status.st_mtime)


def find_file(path: str, s3: S3Access | None) -> StoredFile | None:
    """Return a file as it is now, or None if it is gone.

    Args:
        path: Absolute path or S3 URI.
        s3: Access to the object store, for an S3 URI.
    """
    if path.startswith(_S3):
        info = open_bucket(path, s3).get_file_info(path.removeprefix(_S3))
        return StoredFile(path, info.size, info.mtime.timestamp()) if info.is_file else None
    try:
        status = Path(path).stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    return StoredFile(path, status.st_size, status.st_mtime)


def delete_file(path: str, s3: S3Access | None) -> None:
    """Delete a file; one that is gone already is no error.

    Args:
        path: Absolute path or S3 URI.
        s3: Access to the object store, for an S3 URI.
    """
    with suppress(FileNotFoundError):
        if path.startswith(_S3):
            open_bucket(path, s3).delete_file(path.removeprefix(_S3))
        else:
            Path(path).unlink()


def _list_objects(folder: str, s3: S3Access | None) -> Iterator[StoredFile]:
    from pyarrow import fs  # noqa: PLC0415 - see _connect

    selector = fs.FileSelector(folder.removeprefix(_S3), allow_not_found=True)
    for info in open_bucket(folder, s3).get_file_info(selector):
        if info.is_file:
            yield StoredFile(f"{_S3}{info.path}", info.size, info.mtime.timestamp())


def open_bucket(uri: str, s3: S3Access | None) -> "fs.S3FileSystem":
    """Return the object store that an S3 URI lies on.

    Args:
        uri: The URI, for the message.
        s3: Access to it.

    Raises:
        WarehouseError: If `s3` is missing.
    """
    if s3 is None:
        raise WarehouseError(f"`{uri}` is on S3; pass `s3=S3Access(...)` to reach it")
    return _connect(s3)


@cache
def _connect(s3: S3Access) -> "fs.S3FileSystem":
    # Imported here because it loads the AWS SDK, which local warehouses never need.
    from pyarrow import fs  # noqa: PLC0415

    return fs.S3FileSystem(
        access_key=s3.key_id,
        secret_key=s3.secret,
        region=s3.region,
        endpoint_override=s3.endpoint,
        scheme="https" if s3.use_ssl else "http",
        force_virtual_addressing=s3.url_style == "vhost",
    )
