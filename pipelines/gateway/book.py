"""The durable queue: what is noted in it is on the disk before whoever noted it is answered.

It holds two counts per project, so that it is a small file that is replaced as a whole. All that
is noted while one replacement is being written goes into the next: however many webhooks come,
each waits for two writes at most.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from pipelines.errors import PipelineError
from pipelines.gateway.wakes import Name, Wake, read_wakes, write_wakes
from ser.files import write_whole

Change = Callable[[Wake], Wake | None]
# More can only wait for a disk that does not answer.
MOST_WAITING = 10_000


class BookFullError(OSError):
    """More waits to be written than there is patience for."""


class WakeBook:
    """The wakes of one gateway; only one process may have them open.

    Args:
        path: Their file; made with the first entry.

    Raises:
        PipelineError: The file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._wakes = _read(path)
        self._waiting: list[tuple[Name, Change, asyncio.Future[None]]] = []
        self._news = asyncio.Event()

    @property
    def wakes(self) -> Mapping[Name, Wake]:
        """Return what is on the disk."""
        return self._wakes

    async def enter(self, name: Name, change: Change) -> None:
        """Change a wake, and return once the change is on the disk.

        Args:
            name: The wake; one without entry is new.
            change: Given what it is, returns what it is to be, or None to forget it.

        Raises:
            BookFullError: Too many wait already.
            OSError: It could not be written; nothing has changed.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise BookFullError(f"{len(self._waiting)} entries wait for the disk; try again")
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((name, change, written))
        self._news.set()
        # Whoever stops waiting does not take the entry back.
        await asyncio.shield(written)

    async def write(self) -> None:
        """Write entries as they come, for ever; cancelled, it leaves no half of a file."""
        while True:
            await self._news.wait()
            self._news.clear()
            batch, self._waiting = self._waiting, []
            wakes = dict(self._wakes)
            for name, change, _ in batch:
                changed = change(wakes.get(name) or Wake(name.kind, name.project))
                if changed is None:
                    wakes.pop(name, None)
                else:
                    wakes[name] = changed
            try:
                await asyncio.to_thread(_write, self._path, wakes)
            except OSError as error:
                _resolve(batch, error)
            else:
                self._wakes = wakes
                _resolve(batch, None)


def _resolve(batch: list[tuple[Name, Change, asyncio.Future[None]]], error: OSError | None) -> None:
    for _, _, written in batch:
        if written.done():
            continue
        if error is None:
            written.set_result(None)
        else:
            written.set_exception(error)


def _read(path: Path) -> Mapping[Name, Wake]:
    try:
        return read_wakes(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise PipelineError(
            f"the queue `{path}` cannot be read: {error}; restore it, or remove it: answers are "
            "found without it, only a 'Start training' is forgotten"
        ) from error


def _write(path: Path, wakes: Mapping[Name, Wake]) -> None:
    write_whole(path, write_wakes(wakes.values()))
    # A name given to a file is on the disk once its folder is.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
