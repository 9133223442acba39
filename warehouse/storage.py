"""Where data files lie: a local folder or an S3 bucket."""

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from uuid import uuid4

from warehouse.errors import WarehouseError

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


def write_once(path: str, content: bytes | memoryview, s3: S3Access | None) -> None:
    """Write a content-addressed file unless it is there; readers never see a part of it.

    Args:
        path: Absolute path or S3 URI; equal paths imply equal content.
        content: The bytes.
        s3: Access to the object store, for an S3 URI.

    Raises:
        OSError: If the file cannot be written.
    """
    if path.startswith(_S3):
        _put_once(path, content, s3)
        return
    target = Path(path)
    if target.exists():
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


def _put_once(uri: str, content: bytes | memoryview, s3: S3Access | None) -> None:
    # Imported here because it loads the AWS SDK, which local warehouses never need.
    from pyarrow import fs  # noqa: PLC0415

    if s3 is None:
        raise WarehouseError(f"`{uri}` is on S3; pass `s3=S3Access(...)` to reach it")
    store = fs.S3FileSystem(
        access_key=s3.key_id,
        secret_key=s3.secret,
        region=s3.region,
        endpoint_override=s3.endpoint,
        scheme="https" if s3.use_ssl else "http",
        force_virtual_addressing=s3.url_style == "vhost",
    )
    key = uri.removeprefix(_S3)
    if store.get_file_info(key).type == fs.FileType.File:
        return
    # An object appears only once its upload is complete.
    with store.open_output_stream(key) as stream:
        stream.write(content)
