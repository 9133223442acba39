"""Turns what was told into work, one piece per campaign at a time, and never forgets any."""

import asyncio
import logging
import time
from collections.abc import Collection, Mapping

from pipelines.gateway.book import WakeBook
from pipelines.gateway.schedule import Pace, choose_work, find_strangers
from pipelines.gateway.wakes import Kind, Name, Wake
from pipelines.gateway.work import EXPECTED, Outcome, Perform, Work, read_campaigns
from pipelines.gateway.worker import Worker
from pipelines.observe.context import about
from pipelines.settings import Settings

logger = logging.getLogger(__name__)

TICK_S = 0.25
# A round costs minutes each time; answers are looked for at every poll anyway.
LONGEST_ROUND_PAUSE_S = 3600.0
RELOOK_S = 5.0
# Whoever wants them, two rounds are never made at once.
LANES: Mapping[Kind, str] = {"collect": "collecting", "due": "rounds", "round": "rounds"}


class Dispatcher:
    """Does what the book says.

    Args:
        settings: How patient to be, and what stages need.
        book: What was told.
        perform: Does the work, in a process of its own.
    """

    def __init__(self, settings: Settings, book: WakeBook, perform: Perform) -> None:
        given = settings.gateway
        self._settings = settings
        self._book = book
        self._pace = Pace(given.quiet_s, given.longest_wait_s, given.poll_s)
        self._workers = {lane: Worker(settings, perform) for lane in set(LANES.values())}
        self._running: dict[str, tuple[Work, asyncio.Task[None]]] = {}
        self._campaigns: tuple[Work, ...] = ()
        self._looked_at: float | None = None
        self._polled_at: dict[str, float] = {}

    @property
    def campaigns(self) -> Collection[Work]:
        """Return the campaigns known of, each as its `collect`."""
        return self._campaigns

    @property
    def running(self) -> Collection[Work]:
        """Return what is being done."""
        return [work for work, _ in self._running.values()]

    async def run(self) -> None:
        """Do what is due, for ever; cancelled, it ends what is being done."""
        try:
            while True:
                try:
                    await self._look_around()
                    self._start_due()
                except Exception as error:
                    # A server outlives whatever it could not read; it will look again.
                    is_strange = not isinstance(error, (*EXPECTED, OSError))
                    logger.warning("cannot tell what is to do: %s", error, exc_info=is_strange)
                    await asyncio.sleep(RELOOK_S)
                await asyncio.sleep(TICK_S)
        finally:
            await self._end()

    async def _look_around(self) -> None:
        """Read anew which campaigns there are, now and then and when a strange one is named."""
        since = None if self._looked_at is None else time.monotonic() - self._looked_at
        strangers = find_strangers(self._book.wakes, self._campaigns)
        patience_s = RELOOK_S if strangers else self._pace.poll_s
        if since is not None and since < patience_s:
            return
        self._campaigns = await asyncio.to_thread(read_campaigns, self._settings)
        self._looked_at = time.monotonic()
        # One named while we looked may be of a project that was opened while we looked.
        told = {Name(wake.kind, wake.project): wake for wake in strangers}
        for wake in find_strangers(told, self._campaigns):
            logger.warning("no campaign here has the project `%s`; let be", wake.project)
            await self._forget(wake)

    async def _forget(self, stranger: Wake) -> None:
        """Drop a wake unless it was told again: whatever names come, the book stays small."""
        name = Name(stranger.kind, stranger.project)
        await self._book.enter(
            name, lambda wake: None if wake.received == stranger.received else wake
        )

    def _start_due(self) -> None:
        due = choose_work(
            self._book.wakes,
            self._campaigns,
            polled_at=self._polled_at,
            now=time.time(),
            pace=self._pace,
        )
        for work in due:
            busy = {running.campaign for running in self.running}
            lane = LANES[work.kind]
            if lane not in self._running and work.campaign not in busy:
                self._running[lane] = (work, asyncio.create_task(self._do_aloud(work)))

    async def _do_aloud(self, work: Work) -> None:
        with about(campaign=work.campaign, corpus=work.corpus):
            await self._do(work)

    async def _do(self, work: Work) -> None:
        worker = self._workers[LANES[work.kind]]
        upto = _count(self._book.wakes, work)
        begin = time.monotonic()
        try:
            outcome = await worker.do(work)
            self._log(work, outcome, time.monotonic() - begin)
            if work.kind != "collect":
                # It leaves a model's memory behind; and who asked meanwhile asked for this one.
                await asyncio.to_thread(worker.end)
                upto = _count(self._book.wakes, work)
            await self._enter(work, upto, outcome)
            if outcome.is_due:
                await self._note_due(work)
        except OSError as error:
            # The book is as it was, so that the work is due again.
            logger.warning("%s of %s cannot be noted as done: %s", work.kind, work.campaign, error)
        finally:
            if work.kind == "collect":
                self._polled_at[work.campaign] = time.time()
            del self._running[LANES[work.kind]]

    def _log(self, work: Work, outcome: Outcome, took_s: float) -> None:
        told = self._book.wakes.get(Name(work.kind, work.projects[-1]))
        level = logging.INFO if outcome.is_done else logging.WARNING
        is_known = told is not None and told.outcome == outcome.text
        if work.kind == "collect" and outcome.is_done and is_known:
            # A look that found what the one before found is no news.
            level = logging.DEBUG
        said = "done" if outcome.is_done else "failed, and will be tried again"
        line = (work.kind, work.campaign, said, outcome.text, took_s)
        logger.log(level, "%s of %s %s: %s (%.1f s)", *line)

    async def _enter(self, work: Work, upto: Mapping[str, int], outcome: Outcome) -> None:
        newest = work.projects[-1]
        if outcome.is_done:
            for project in {*upto, newest}:
                await self._settle(Name(work.kind, project), upto.get(project, 0), outcome.text)
            return
        longest_s = self._pace.poll_s if work.kind == "collect" else LONGEST_ROUND_PAUSE_S
        now = time.time()
        told = (self._book.wakes.get(Name(work.kind, project)) for project in work.projects)
        waiting = [wake.project for wake in told if wake is not None and wake.waiting]
        # Of a look that nobody asked for, the newest project remembers that it failed.
        for project in waiting or [newest]:
            await self._book.enter(
                Name(work.kind, project),
                lambda wake: wake.failed(outcome.text, now, longest_pause_s=longest_s),
            )

    async def _note_due(self, work: Work) -> None:
        """Note that a round is due, unless that is known: every look finds it until it is made."""
        now = time.time()
        await self._book.enter(
            Name("due", work.projects[-1]), lambda wake: wake if wake.waiting else wake.noted(now)
        )

    async def _settle(self, name: Name, upto: int, text: str) -> None:
        now = time.time()
        await self._book.enter(name, lambda wake: wake.settled(upto, now, text))

    async def _end(self) -> None:
        tasks = [task for _, task in self._running.values()]
        for task in tasks:
            # Before its process ends: an end of ours is no failure to be written down.
            task.cancel()
        await asyncio.gather(*(asyncio.to_thread(worker.end) for worker in self._workers.values()))
        await asyncio.gather(*tasks, return_exceptions=True)


def _count(wakes: Mapping[Name, Wake], work: Work) -> dict[str, int]:
    """Return how often work was asked for so far, by project."""
    named = ((project, wakes.get(Name(work.kind, project))) for project in work.projects)
    return {project: wake.received for project, wake in named if wake is not None}
