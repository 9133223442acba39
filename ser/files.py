"""Write a file so that its name never shows half of it."""

import os
from pathlib import Path

UNFINISHED = ".part"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, or replace an older one as a whole.

    Whoever is killed or finds the disk full while writing leaves the former file. What is written
    has reached the disk when this returns.

    Args:
        path: The file; its folder is created. A hidden neighbour of it is in use while writing,
            whose name ends in `UNFINISHED`.
        content: What it is to hold.

    Raises:
        OSError: If the folder cannot be written to.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_whole(Path(folder, "a", "b.txt"), b"whole")
        ...     [file.name for file in Path(folder, "a").iterdir()]
        ['b.txt']
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")
    try:
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
