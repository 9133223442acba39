"""The bytes of a file and their hash, however large it is."""

import hashlib
import io
import mmap
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ser.audio.reasons import rejection
from ser.paths import escape_path

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

IN_MEMORY_BYTES = 1 << 24  # larger files are read again for each purpose, in blocks

KINDS = {
    stat.S_ISDIR: "a folder",
    stat.S_ISFIFO: "a named pipe",
    stat.S_ISSOCK: "a socket",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
}

Buffer = bytes | mmap.mmap


@dataclass(frozen=True)
class Source:
    """A file that was read once and hashed.

    Args:
        sha256: Hash of its bytes, hex.
        size: Bytes.
        data: Its bytes, or None for a file of more than 16 MB.
        path: Where it is, or None when only bytes were given.
    """

    sha256: str
    size: int
    data: bytes | None
    path: Path | None

    @contextmanager
    def buffer(self) -> Iterator[Buffer]:
        """Give the bytes to look at a few of them; a large file is not read for it."""
        if self.data is not None:
            yield self.data
            return
        with self._open() as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            yield mapped

    @contextmanager
    def stream(self, head: bytes, start: int, stop: int) -> Iterator[io.IOBase]:
        """Give a stretch of the file to read as if it were a file.

        Args:
            head: Bytes to show before the stretch.
            start: First byte of the stretch.
            stop: Byte after its last one.
        """
        if self.data is not None:
            is_whole = not head and (start, stop) == (0, self.size)
            yield _Memory(self.data if is_whole else head + self.data[start:stop])
            return
        with self._open() as file:
            yield _Stretch(file, head, start, stop)

    def _open(self) -> io.FileIO:
        if self.path is None:
            raise ValueError("`path` and `data` of a source cannot both be None")
        return io.FileIO(self.path)


def read_source(source: Path | bytes) -> Source:
    """Read and hash a file, or hash the bytes given.

    Args:
        source: A path, or the content of a file.

    Raises:
        AudioError: ``unreadable`` if it is no file or the operating system cannot read it.

    Example:
        >>> read_source(b"content").sha256[:8], read_source(b"content").size
        ('ed7002b4', 7)
    """
    if isinstance(source, bytes):
        return Source(hashlib.sha256(source).hexdigest(), len(source), source, None)
    try:
        return _read_file(source)
    except OSError as error:
        raise rejection(
            "unreadable", f"`{escape_path(source)}` cannot be read: {error.strerror}"
        ) from error


def _read_file(path: Path) -> Source:
    # A named pipe without a writer would block the open, and a device could be endless.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            kind = next((name for test, name in KINDS.items() if test(status.st_mode)), "no file")
            raise rejection("unreadable", f"`{escape_path(path)}` is {kind}, not a file")
        with io.FileIO(descriptor, closefd=False) as file:
            if status.st_size > IN_MEMORY_BYTES:
                digest = hashlib.file_digest(file, "sha256")
                return Source(digest.hexdigest(), status.st_size, None, path)
            data = file.readall()
    finally:
        os.close(descriptor)
    return Source(hashlib.sha256(data).hexdigest(), len(data), data, path)


class _Memory(io.BytesIO):
    """Bytes that answer a seek before their start instead of raising.

    libsndfile probes broken MP3 files that way, and an exception cannot pass its C frames.
    """

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return super().seek(max(offset, 0) if whence == io.SEEK_SET else offset, whence)


class _Stretch(io.RawIOBase):
    """A few bytes followed by a stretch of an open file."""

    def __init__(self, file: io.FileIO, head: bytes, start: int, stop: int) -> None:
        self._file, self._head = file, head
        self._shift = start - len(head)
        self._size = stop - self._shift
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        stop = min(self._position + len(view), self._size)
        # One answer for all that was asked: libsndfile takes a short one for the end.
        data = self._head[self._position : stop]
        position = self._position + len(data)
        if position < stop:
            data += os.pread(self._file.fileno(), stop - position, position + self._shift)
        view[: len(data)] = data
        self._position += len(data)
        return len(data)
