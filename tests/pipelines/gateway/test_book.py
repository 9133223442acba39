"""What is entered is on the disk."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from pipelines.errors import PipelineError
from pipelines.gateway import book as book_module
from pipelines.gateway.book import BookFullError, WakeBook
from pipelines.gateway.wakes import Name, Wake

NAME = Name("collect", "campaign-00c0ffee")


def tell(wake: Wake) -> Wake:
    """Return it asked for once more."""
    return wake.noted(1.0)


def use(path: Path, play: Callable[[WakeBook], Awaitable[None]]) -> WakeBook:
    """Play something with a book that is being written."""
    book = WakeBook(path)

    async def run() -> None:
        writing = asyncio.create_task(book.write())
        await play(book)
        writing.cancel()

    asyncio.run(run())
    return book


def test_an_entry_is_on_the_disk_when_it_returns(tmp_path: Path) -> None:
    """Whoever opens the file next finds it."""
    path = tmp_path / "gateway" / "wakes.json"

    async def play(book: WakeBook) -> None:
        await book.enter(NAME, tell)
        assert WakeBook(path).wakes[NAME].received == 1

    assert use(path, play).wakes[NAME].received == 1


def test_an_entry_may_be_forgotten(tmp_path: Path) -> None:
    """What is changed into nothing is gone, also when it never was."""

    async def play(book: WakeBook) -> None:
        await book.enter(NAME, tell)
        for _ in range(2):
            await book.enter(NAME, lambda _: None)

    assert use(tmp_path / "wakes.json", play).wakes == {}


def test_entries_of_a_crowd_share_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand at once are all there after a few writes."""
    writes = []
    write = book_module._write
    monkeypatch.setattr(book_module, "_write", lambda *args: (writes.append(1), write(*args)))

    async def play(book: WakeBook) -> None:
        await asyncio.gather(*(book.enter(NAME, tell) for _ in range(1000)))

    assert use(tmp_path / "wakes.json", play).wakes[NAME].received == 1000
    assert len(writes) <= 3


def test_a_full_disk_is_said_and_changes_nothing(tmp_path: Path) -> None:
    """Who was not written down is told; once there is room, entries are taken again."""
    folder = tmp_path / "gateway"

    async def play(book: WakeBook) -> None:
        folder.write_text("a file in the place of the folder")
        with pytest.raises(OSError, match="gateway"):
            await book.enter(NAME, tell)
        assert NAME not in book.wakes
        folder.unlink()
        await book.enter(NAME, tell)

    assert use(folder / "wakes.json", play).wakes[NAME].received == 1


def test_who_stops_waiting_is_written_down_nonetheless(tmp_path: Path) -> None:
    """An entry whose sender hung up counts like any other."""

    async def play(book: WakeBook) -> None:
        gone = asyncio.create_task(book.enter(NAME, tell))
        await asyncio.sleep(0)
        gone.cancel()
        await book.enter(NAME, tell)

    assert use(tmp_path / "wakes.json", play).wakes[NAME].received == 2


def test_a_disk_that_does_not_answer_is_not_waited_for_by_all(tmp_path: Path) -> None:
    """Beyond a number that wait, entries are refused at once."""
    book = WakeBook(tmp_path / "wakes.json")

    async def play() -> None:
        waiting = [asyncio.create_task(book.enter(NAME, tell)) for _ in range(10_000)]
        await asyncio.sleep(0)
        with pytest.raises(BookFullError, match="10000 entries wait"):
            await book.enter(NAME, tell)
        for task in waiting:
            task.cancel()

    asyncio.run(play())


def test_a_broken_file_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    """What was promised is not forgotten without a word."""
    path = tmp_path / "wakes.json"
    path.write_text(json.dumps({"wakes": [{"kind": "round"}]}))
    with pytest.raises(PipelineError, match=r"`.*wakes\.json` cannot be read.*restore it"):
        WakeBook(path)
