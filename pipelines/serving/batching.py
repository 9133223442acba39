"""Judge clips of many callers together."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from pipelines.serving.load import Loaded
from pipelines.serving.meters import Meters

if TYPE_CHECKING:
    from ser.audio.pcm import Waveform
    from ser.streaming.moments import Due, Moment

logger = logging.getLogger(__name__)

Lane = Literal["stream", "file"]
# Streams cannot wait, and their number is bounded, so that they come first.
LANES: tuple[Lane, ...] = ("stream", "file")
FIRST_GUESS_S = 0.02
RECENT = 0.2


@dataclass(eq=False)
class _Item:
    """Something to be judged.

    Args:
        loaded: By what.
        what: A waveform, or a moment of a stream that is due.
        answer: Gets the posterior, or the moment.
        since: When it came, s.
    """

    loaded: Loaded
    what: Any
    answer: "Future[Any]"
    since: float = field(default_factory=time.monotonic)


class Batcher:
    """Threads that judge what waits, in batches.

    A batch is of one recogniser and one lane. Whatever came first is judged first, moments of
    streams before recordings, together with what else waits for the same recogniser: a model, and
    that model knowing a voice, are two. A batch is judged once as many clips wait as it may have,
    or its first clip has waited for `wait_s`. Threads, not tasks: a model holds neither the loop
    nor, inside its kernels, the interpreter.

    Args:
        most_clips: Clips judged together at most.
        wait_s: How long a recording waits for others, s.
        judges: Batches judged at a time.
        meters: Are told.
    """

    def __init__(self, *, most_clips: int, wait_s: float, judges: int, meters: Meters) -> None:
        self._most_clips = most_clips
        self._wait_s = wait_s
        self._meters = meters
        self._waiting: dict[Lane, deque[_Item]] = {lane: deque() for lane in LANES}
        self._changed = threading.Condition()
        self._is_closed = False
        self._clip_s = FIRST_GUESS_S
        self._judges = [
            threading.Thread(target=self._run, name=f"judge-{number}", daemon=True)
            for number in range(judges)
        ]
        for judge in self._judges:
            judge.start()

    @property
    def waiting(self) -> int:
        """Recordings that wait."""
        return len(self._waiting["file"])

    @property
    def clip_s(self) -> float:
        """How long a clip took of late, when all are busy, s."""
        return self._clip_s / len(self._judges)

    def submit(
        self, loaded: Loaded, waveforms: "Sequence[Waveform]"
    ) -> "list[Future[npt.NDArray[np.float32]]]":
        """Have recordings judged.

        Args:
            loaded: By what.
            waveforms: As `Recogniser.judge` takes them.

        Returns:
            One posterior ``(C,)`` for each, once it is there.
        """
        items = [_Item(loaded, waveform, Future()) for waveform in waveforms]
        with self._changed:
            self._put("file", items)
        return [item.answer for item in items]

    def submit_due(self, loaded: Loaded, due: "Sequence[Due]") -> "list[Future[Moment]]":
        """Have moments of a stream judged, before any recording.

        Args:
            loaded: By what the stream was begun with.
            due: From `EmotionStream.collect`.

        Returns:
            One moment for each.
        """
        items = [_Item(loaded, moment, Future()) for moment in due]
        with self._changed:
            self._put("stream", items)
        return [item.answer for item in items]

    def close(self) -> None:
        """Judge what waits, and end."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        for judge in self._judges:
            judge.join()

    def _put(self, lane: Lane, items: Sequence[_Item]) -> None:
        if self._is_closed:
            raise RuntimeError("nothing is judged any more: the batcher was closed")
        self._waiting[lane].extend(items)
        self._changed.notify(len(items))

    def _run(self) -> None:
        while (taken := self._take()) is not None:
            lane, batch = taken
            now = time.monotonic()
            # Whoever left does not hear the answer any more.
            batch = [item for item in batch if item.answer.set_running_or_notify_cancel()]
            for item in batch:
                self._meters.wait.labels(lane).observe(now - item.since)
            if batch:
                self._judge(JUDGE[lane], batch)

    def _take(self) -> tuple[Lane, list[_Item]] | None:
        """Wait for a batch, and take it; None for the end."""
        with self._changed:
            while True:
                lane = next((lane for lane in LANES if self._waiting[lane]), None)
                if lane is None:
                    if self._is_closed:
                        return None
                    self._changed.wait()
                    continue
                queue = self._waiting[lane]
                left_s = queue[0].since + self._wait_s - time.monotonic()
                if left_s <= 0 or len(queue) >= self._most_clips or self._is_closed:
                    return lane, self._pop(queue)
                self._changed.wait(left_s)

    def _pop(self, queue: deque[_Item]) -> list[_Item]:
        """Take the first, and of those behind it whom the same recogniser judges."""
        recogniser = queue[0].loaded.recogniser
        batch: list[_Item] = []
        others: list[_Item] = []
        while queue and len(batch) < self._most_clips:
            item = queue.popleft()
            (batch if item.loaded.recogniser is recogniser else others).append(item)
        queue.extendleft(reversed(others))
        return batch

    def _judge(self, judge: "Judge", batch: Sequence[_Item]) -> None:
        begin = time.monotonic()
        try:
            answers = judge(batch[0].loaded, [item.what for item in batch])
        except Exception as error:  # noqa: BLE001 - who asked is told
            if len(batch) == 1:
                batch[0].answer.set_exception(error)
                return
            logger.warning("a batch of %d failed, judging one by one: %s", len(batch), error)
            for item in batch:
                self._judge(judge, [item])
            return
        took_s = time.monotonic() - begin
        self._clip_s += RECENT * (took_s / len(batch) - self._clip_s)
        self._meters.clips.inc(len(batch))
        self._meters.batch.observe(len(batch))
        self._meters.judge.observe(took_s)
        for item, answer in zip(batch, answers, strict=True):
            item.answer.set_result(answer)


Judge = Callable[[Loaded, list[Any]], Sequence[Any]]


def _judge_files(loaded: Loaded, waveforms: list[Any]) -> Sequence[Any]:
    return list(loaded.recogniser.judge(waveforms))


def _judge_due(loaded: Loaded, due: list[Any]) -> Sequence[Any]:
    from ser.streaming.moments import answer  # noqa: PLC0415 - loads torch

    return answer(loaded.recogniser, due)


JUDGE: dict[Lane, Judge] = {"stream": _judge_due, "file": _judge_files}
