"""What the server printed, and what it prints."""

import os
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

POLL_S = 0.5


def read_tail(log: Path, lines: int) -> list[str]:
    """Return the last lines of a file, without their ends.

    Args:
        log: The file.
        lines: At most so many.
    """
    with log.open(encoding="utf-8", errors="replace") as stream:
        return [line.rstrip("\n") for line in deque(stream, maxlen=lines)]


def follow(log: Path, lines: int) -> Iterator[str]:
    """Give the last lines of a file, and then each new one, for ever.

    A server that is started again begins a new file, which is then followed.

    Args:
        log: The file.
        lines: Lines to begin with, at most.
    """
    stream = log.open(encoding="utf-8", errors="replace")
    try:
        yield from (line.rstrip("\n") for line in deque(stream, maxlen=lines))
        begun = ""
        while True:
            begun += stream.readline()
            if begun.endswith("\n"):
                yield begun.removesuffix("\n")
                begun = ""
            elif log.exists() and not _is_same(log, stream.fileno()):
                stream.close()
                stream = log.open(encoding="utf-8", errors="replace")
            else:
                time.sleep(POLL_S)
    finally:
        stream.close()


def _is_same(log: Path, file: int) -> bool:
    return os.path.samestat(log.stat(), os.fstat(file))
