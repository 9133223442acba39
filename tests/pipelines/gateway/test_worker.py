"""Work is done in a process apart, which may die without harm."""

import asyncio
import os
from pathlib import Path

from pipelines.gateway.work import Outcome, Work
from pipelines.gateway.worker import Worker
from pipelines.settings import Settings

WORK = Work("collect", "demo", "demo", ("campaign-1",))


def tell_process(settings: Settings, _: Work) -> Outcome:
    """Say which process this is; die if there is a file that says so."""
    if (settings.home / "die").exists():
        os._exit(3)
    return Outcome(True, f"{os.getpid()} of {os.getppid()}")


def test_one_process_does_all_work_until_it_is_ended(tmp_path: Path) -> None:
    """It is a child that is kept; ended or dead, another takes its place."""
    worker = Worker(Settings(home=tmp_path), tell_process)

    async def play() -> list[Outcome]:
        said = [await worker.do(WORK), await worker.do(WORK)]
        worker.end()
        worker.end()
        said.append(await worker.do(WORK))
        (tmp_path / "die").touch()
        said.append(await worker.do(WORK))
        (tmp_path / "die").unlink()
        said.append(await worker.do(WORK))
        worker.end()
        return said

    first, second, third, died, fourth = asyncio.run(play())
    assert first == second
    assert first.text.endswith(f" of {os.getpid()}")
    assert len({first.text, third.text, fourth.text}) == 3
    assert died == Outcome(False, "its process ended (exit code 3)")
    assert not any(
        Path(f"/proc/{said.text.split()[0]}").exists() for said in (first, third, fourth)
    )
