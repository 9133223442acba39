"""A process that does one piece of work after the other, apart from the one that answers.

Work may take hours, gigabytes and all of Python's attention, while Label Studio waits one second
for an answer. It may be killed at any moment; every stage is built for that.
"""

import asyncio
import os
import secrets
import signal
import time
from contextlib import suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from threading import Thread

from pipelines.gateway.work import Outcome, Perform, Work
from pipelines.observe.context import about
from pipelines.observe.logs import configure
from pipelines.observe.meters import WORK
from pipelines.settings import Settings

END_S = 5.0


class Worker:
    """A child process, started when there is work, and again when it has died.

    Args:
        settings: Settings of the stages.
        perform: Does the work there; a function by its module's name.
    """

    def __init__(self, settings: Settings, perform: Perform) -> None:
        self._settings = settings
        self._perform = perform
        self._child: tuple[SpawnProcess, Connection] | None = None

    async def do(self, work: Work) -> Outcome:
        """Have one piece of work done; never two at once.

        Args:
            work: The work.
        """
        if self._child is None or not self._child[0].is_alive():
            self._child = self._start()
        process, pipe = self._child
        begin = time.perf_counter()
        try:
            outcome = await asyncio.to_thread(_ask, pipe, work)
        except (EOFError, OSError):
            await asyncio.to_thread(process.join, END_S)
            outcome = Outcome(False, f"its process ended (exit code {process.exitcode})")
        ended = "done" if outcome.is_done else "failed"
        WORK.labels(work.kind, ended).observe(time.perf_counter() - begin)
        return outcome

    def _start(self) -> tuple[SpawnProcess, Connection]:
        # A fork would share locks and sockets with threads that it does not have.
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs, self._settings, self._perform))
        process.start()
        theirs.close()
        return process, ours

    def end(self) -> None:
        """End the process and all it started; what it was doing is not done."""
        if self._child is None:
            return
        (process, pipe), self._child = self._child, None
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid or 0, number)
            # It may not lead its group yet.
            with suppress(ProcessLookupError):
                process.kill() if number == signal.SIGKILL else process.terminate()
            process.join(END_S)
            if not process.is_alive():
                break
        pipe.close()


def _ask(pipe: Connection, work: Work) -> Outcome:
    pipe.send(work)
    outcome: Outcome = pipe.recv()
    return outcome


def _work(pipe: Connection, settings: Settings, perform: Perform) -> None:
    # Leads a group, so that it ends with all it starts; and hears no Ctrl-C of a terminal.
    os.setsid()
    Thread(target=_end_with_parent, daemon=True).start()
    configure(settings)
    with suppress(EOFError):
        while True:
            work = pipe.recv()
            with about(run=secrets.token_hex(4), campaign=work.campaign, corpus=work.corpus):
                pipe.send(perform(settings, work))


def _end_with_parent() -> None:
    # A gateway that was killed is started again; two must not work on one campaign.
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
    os.killpg(os.getpid(), signal.SIGKILL)
