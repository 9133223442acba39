"""Corrections of the live page: noted on the disk before they are answered, then made votes.

Whoever corrects is answered as soon as sound and correction have reached the disk. A writer in the
background makes votes of what waits, many at a time, so that no answer waits for the warehouse;
what a kill interrupts is done after the next start, and doing it twice changes nothing.
"""

import asyncio
import base64
import binascii
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipelines.serving.page.consent import CONSENT, CONSENT_ID
from pipelines.serving.page.record import Correction, Request
from pipelines.serving.page.spool import Spool
from pipelines.serving.page.storing import audio_settings, store_corrections
from pipelines.settings import Settings
from ser.prepare import Rejected, prepare

logger = logging.getLogger(__name__)

LONGEST_S = 20.0
MOST_WAITING = 1_000
# One commit for what several people do in that time.
BATCH_S = 0.5
PATIENCE_S = (1.0, 5.0, 30.0)


class RefusedError(Exception):
    """A correction that is not taken.

    Args:
        status: HTTP status.
        reason: Code for the page.
        detail: Why, and what to do, for a person.
    """

    def __init__(self, status: int, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.reason, self.detail = status, reason, detail


@dataclass(frozen=True)
class Noted:
    """What became of a correction.

    Args:
        has_sound: Whether the segment's sound is kept.
        is_again: Whether it had been noted before.
    """

    has_sound: bool
    is_again: bool = False


class Desk:
    """Takes corrections and sees to it that they become votes; one per home.

    Args:
        settings: Where they are kept, whether they may be, and the warehouse.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._spool = Spool(settings.home / "live")
        self._news = asyncio.Event()
        self._lock = asyncio.Lock()
        self._last = datetime.min.replace(tzinfo=UTC)
        self._trouble: str | None = None
        self._storing: frozenset[str] = frozenset()

    @property
    def is_open(self) -> bool:
        """Return whether sounds may be kept, without which nothing can be corrected for good."""
        return self._settings.serving.keep_audio == "with_consent"

    @property
    def waiting(self) -> int:
        """Return how many corrections are on the disk and not in the warehouse yet."""
        return len(self._spool)

    @property
    def trouble(self) -> str | None:
        """Return why they could not be stored the last time; None when they could."""
        return self._trouble

    async def take(self, request: Request, classes: Sequence[str], model_id: str) -> Noted:
        """Note a correction; when this returns, it is on the disk.

        Args:
            request: What the page sent.
            classes: The classes that the model offers.
            model_id: The model.

        Raises:
            RefusedError: Sounds are not kept, nobody agreed, or it makes no sense.
            OSError: It could not be written; nothing has changed.
        """
        self._check(request, classes)
        sound = None if request.sound is None else _decode(request.sound)
        if sound is not None:
            await asyncio.to_thread(_check_sound, self._settings, sound)
        async with self._lock:
            if self._spool.knows(request.segment, request.event):
                return Noted(self._spool.has_sound(request.segment), is_again=True)
            if sound is None and not self._spool.has_sound(request.segment):
                raise RefusedError(
                    409, "no_sound", "the sound of this segment is not here; send it with it"
                )
            correction = self._complete(request, classes, model_id)
            await asyncio.to_thread(self._spool.add, correction, sound)
        self._news.set()
        return Noted(has_sound=True)

    async def undo(self, request: Request, classes: Sequence[str], model_id: str) -> Noted:
        """Note that a correction is taken back, and delete the sound unless it is a clip already.

        Args:
            request: What the page sent, without a label.
            classes: As for `take`.
            model_id: As for `take`.

        Raises:
            RefusedError: It makes no sense.
            OSError: It could not be written; nothing has changed.
        """
        async with self._lock:
            segment = request.segment
            if not self._spool.knows(segment, request.event):
                if not self._spool.has_sound(segment):
                    raise RefusedError(404, "unknown", "no correction of this segment is here")
                correction = self._complete(request, classes, model_id)
                await asyncio.to_thread(self._spool.add, correction, None)
            is_clip = segment in self._storing or self._spool.is_stored(segment)
        self._news.set()
        return Noted(has_sound=is_clip)

    async def run(self) -> None:
        """Store what waits as it comes, for ever; cancelled, it leaves what it was doing whole."""
        failures = 0
        if len(self._spool):
            self._news.set()
        while True:
            await self._news.wait()
            await asyncio.sleep(BATCH_S)
            self._news.clear()
            failures = 0 if await self.store() else failures + 1
            if failures:
                await asyncio.sleep(PATIENCE_S[min(failures, len(PATIENCE_S)) - 1])
                self._news.set()

    async def store(self) -> bool:
        """Make votes of all that waits; return whether all could be."""
        async with self._lock:
            waiting = self._spool.waiting()
            self._storing = frozenset(correction.segment for correction in waiting)
        try:
            done = await asyncio.to_thread(_store_each, self._settings, self._spool, waiting)
        finally:
            self._storing = frozenset()
        async with self._lock:
            await asyncio.to_thread(self._spool.settle, done.stored)
        self._trouble = done.troubles[0] if done.troubles else None
        return not done.troubles

    def _check(self, request: Request, classes: Sequence[str]) -> None:
        if not self.is_open:
            raise RefusedError(
                409,
                "never_kept",
                "this server keeps no sound, and a correction of a sound that nobody can hear "
                "again teaches nothing; whoever runs it can set `serving.keep_audio`",
            )
        if request.consent is None:
            raise RefusedError(422, "no_consent", "nobody agreed that the sound is kept")
        if request.consent != CONSENT_ID:
            raise RefusedError(409, "other_consent", "the agreement has changed; reload the page")
        if request.label not in classes:
            raise RefusedError(
                422, "other_classes", f"`label` must be one of {', '.join(classes)}; reload"
            )
        if len(self._spool) >= MOST_WAITING:
            raise RefusedError(503, "full", f"{len(self._spool)} corrections wait; try again")

    def _complete(self, request: Request, classes: Sequence[str], model_id: str) -> Correction:
        # Their order is that of their times, so that no two may be of the same.
        self._last = max(datetime.now(UTC), self._last + timedelta(microseconds=1))
        return Correction(
            event=request.event,
            segment=request.segment,
            session=request.session,
            annotator=request.annotator,
            label=request.label,
            lead_time_s=request.lead_time_s,
            heard=request.heard,
            cast_at=self._last,
            model_id=model_id,
            classes=tuple(classes),
            consent=CONSENT if request.consent == CONSENT_ID else None,
        )


def _decode(sound: str) -> bytes:
    try:
        return base64.b64decode(sound, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RefusedError(422, "not_audio", "`sound` is no base64") from error


def _check_sound(settings: Settings, sound: bytes) -> None:
    """Refuse what would be refused as a clip later, when nobody is there to be told.

    Raises:
        RefusedError: It would.
    """
    found = prepare(sound, **audio_settings(settings))
    if isinstance(found, Rejected):
        raise RefusedError(422, found.reason, found.detail)
    clips = list(found) if isinstance(found, Iterator) else []
    if len(clips) != 1 or clips[0].duration_s > LONGEST_S:
        raise RefusedError(422, "too_long", f"a segment has at most {LONGEST_S:.0f} s")


@dataclass(frozen=True)
class _Done:
    """What the writer did: what is in the warehouse, and why the rest is not."""

    stored: Sequence[Correction]
    troubles: Sequence[str]


def _store_each(settings: Settings, spool: Spool, waiting: Sequence[Correction]) -> _Done:
    """Store corrections together, or those of each segment where that fails."""
    trouble = _store(settings, spool, waiting)
    if trouble is None:
        return _Done(waiting, ())
    segments = sorted({correction.segment for correction in waiting})
    if len(segments) == 1:
        return _Done((), (trouble,))
    stored, troubles = [], []
    for segment in segments:
        part = [correction for correction in waiting if correction.segment == segment]
        trouble = _store(settings, spool, part)
        stored += part if trouble is None else []
        troubles += [trouble] if trouble is not None else []
    return _Done(stored, troubles)


def _store(settings: Settings, spool: Spool, waiting: Sequence[Correction]) -> str | None:
    try:
        if waiting:
            store_corrections(settings, spool, waiting)
    except Exception as error:
        # Whatever it was, the corrections wait on the disk, the page tells, and it is tried again.
        logger.exception("%d corrections could not be stored; they wait", len(waiting))
        return f"{type(error).__name__}: {error}"
    return None
