"""Read and write whole files on a disk or in a bucket, hashing what passes by."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast
from uuid import uuid4

from warehouse.storage import S3Access, delete_file, open_bucket

_S3 = "s3://"
_CHUNK_BYTES = 1 << 20


@contextmanager
def open_stored(path: str, s3: S3Access | None) -> Iterator[BinaryIO]:
    """Open a file for reading.

    Args:
        path: Absolute path or S3 URI.
        s3: Access to the object store, for an S3 URI.

    Raises:
        FileNotFoundError: If it is not there.
        OSError: If it cannot be read.
    """
    if not path.startswith(_S3):
        with Path(path).open("rb", buffering=0) as stream:
            yield cast("BinaryIO", stream)
        return
    with open_bucket(path, s3).open_input_stream(path.removeprefix(_S3)) as stream:
        yield cast("BinaryIO", stream)


def hash_stream(source: BinaryIO, *targets: BinaryIO) -> tuple[str, int]:
    """Read a stream to its end, writing it to others, and return its SHA-256 in hex and its bytes.

    Example:
        >>> from io import BytesIO
        >>> sha256, size = hash_stream(BytesIO(b"content"), copy := BytesIO())
        >>> sha256[:8], size, copy.getvalue()
        ('ed7002b4', 7, b'content')
    """
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
        for target in targets:
            target.write(chunk)
    return digest.hexdigest(), size


def write_stored(
    source: BinaryIO, path: str, s3: S3Access | None = None, *, mode: int = 0o666
) -> tuple[str, int]:
    """Write a file from a stream; nobody ever sees a part of it.

    Args:
        source: What it is to hold.
        path: Absolute path or S3 URI; a file that is there is replaced.
        s3: Access to the object store, for an S3 URI.
        mode: Permissions of a file on a disk, less the umask.

    Returns:
        The SHA-256 of its bytes, in hex, and how many there are.

    Raises:
        OSError: If it cannot be written.
    """
    if path.startswith(_S3):
        try:
            with open_bucket(path, s3).open_output_stream(path.removeprefix(_S3)) as stream:
                return hash_stream(source, cast("BinaryIO", stream))
        except BaseException:
            delete_file(path, s3)
            raise
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{uuid4().hex}.partial")
    try:
        # Created with its mode: between creation and a chmod anybody could open it.
        file = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(file, "wb") as stream:
            found = hash_stream(source, stream)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return found
