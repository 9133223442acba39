"""The door for streams: sound comes in while it is spoken, and what is heard goes out.

The protocol of `/v1/stream`, a WebSocket:

1. The caller says what it will send, as JSON in a text message, unless the address says it
   (`?sample_rate=48000&encoding=pcm16`) and a header shows the key::

       {"type": "start", "sample_rate": 48000, "encoding": "pcm16", "key": "…"}

   `encoding` is `pcm16` (the default) or `float32`, both mono and little-endian. `key` is left out
   where the server has no keys, or the header `Authorization: Bearer …` shows it. Browsers cannot
   send headers with a WebSocket, and addresses end up in logs. `speaker` and `group` may be there
   too and mean what they do for `POST /v1/recognise`.
2. The server answers what listens::

       {"type": "ready", "model": "…", "classes": ["angry", …], "sample_rate": 48000,
        "encoding": "pcm16", "coverage": 0.9, "speaker": null, "baseline": null, "group": "all"}

   `coverage` is null where the model was not calibrated, or where it uses what is known of the
   speaker; `baseline` says whether it does, for as long as the stream lasts.
3. The caller sends binary messages of whole samples, of any length up to 1 MB. The server answers
   one message per result::

       {"type": "moment", "start_s": 1.0, "end_s": 4.0, "is_speech": true, "emotion": "angry",
        "confidence": 0.81, "posterior": {"angry": 0.81, …}, "set": ["angry"], "is_sure": true}

   `set` is null where `coverage` is. Without speech, `emotion`, `confidence`,
   `posterior`, `set` and `is_sure` are null.
4. `{"type": "end"}` from the caller has the server send the last moments and
   `{"type": "end", "reason": "asked", "seconds": 12.3}`, and close with 1000. The server ends the
   same way with reason `stopping` (1012) when it is stopped, and `too long` (1000).

Whatever is wrong is told as `{"type": "error", "status": 401, "detail": "…"}`, with
`retry_after_s` where it is worth coming back, and the stream closed: 1003 for a message that is
not understood, 1008 for a bad key or an idle caller, 1013 for too many streams.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import JSONResponse

from pipelines.serving.answers import describe_model, describe_moment
from pipelines.serving.asked import suit
from pipelines.serving.batching import Batcher
from pipelines.serving.limits import Guard, Refusal
from pipelines.serving.load import Loaded
from pipelines.serving.meters import Meters
from pipelines.serving.swap import Champion

if TYPE_CHECKING:
    from ser.streaming.moments import Due

STREAM = "/v1/stream"
MOST_MESSAGE_BYTES = 1 << 20
# Sound that comes faster than it is spoken has to wait, so that no stream takes what others need.
LEAD_S = 10.0
LONGEST_S = 4 * 3600.0
RETRY_S = 5.0
NORMAL, UNKNOWN_DATA, POLICY, BROKEN, STOPPING, TRY_LATER = 1000, 1003, 1008, 1011, 1012, 1013
CLOSE_CODES = {401: POLICY, 403: POLICY, 408: POLICY, 422: UNKNOWN_DATA, 429: TRY_LATER}
SAMPLE_BYTES = {"pcm16": 2, "float32": 4}


class Start(BaseModel):
    """What a caller says first."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["start"] = "start"
    sample_rate: int = Field(ge=4000, le=768_000)
    encoding: Literal["pcm16", "float32"] = "pcm16"
    key: str | None = Field(None, max_length=200)
    speaker: str | None = Field(None, max_length=200)
    group: str | None = Field(None, max_length=200)


@dataclass(eq=False)
class _Listening:
    """A stream that is being heard.

    Args:
        patience: Ends its waiting for the caller.
        is_stopped: Whether it is to end.
    """

    patience: asyncio.Timeout | None = None
    is_stopped: bool = False


@dataclass(eq=False)
class Streams:
    """The streams there are.

    Args:
        champion: What judges.
        batcher: Judges.
        guard: Who may come in.
        ears: Threads that resample, find speech and compute features.
        meters: Are told.
        most: Streams at a time.
        idle_s: Seconds without a message after which a stream is ended.
    """

    champion: Champion
    batcher: Batcher
    guard: Guard
    ears: ThreadPoolExecutor
    meters: Meters
    most: int
    idle_s: float
    open: set[_Listening] = field(default_factory=set)
    is_stopping: bool = False

    def check_room(self) -> None:
        """Refuse a stream for which there is no room.

        Raises:
            Refusal: 429.
        """
        if self.is_stopping:
            raise Refusal(503, "stopping", "the server is being stopped", retry_after_s=RETRY_S)
        if len(self.open) >= self.most:
            detail = f"{self.most} streams are heard already; come back later"
            raise Refusal(429, "streams", detail, retry_after_s=RETRY_S)

    def stop(self) -> None:
        """Have every stream told what is left of it, and ended."""
        self.is_stopping = True
        now = asyncio.get_running_loop().time()
        for stream in self.open:
            stream.is_stopped = True
            if stream.patience is not None:
                stream.patience.reschedule(now)


def create_streams_router(streams: Streams) -> APIRouter:
    """Return the door for streams.

    Args:
        streams: The streams there are.
    """
    router = APIRouter()

    @router.websocket(STREAM)
    async def stream(socket: WebSocket) -> None:
        try:
            await _hear(socket, streams)
        except WebSocketDisconnect:
            # Whoever hangs up wants no answer.
            return
        except TimeoutError:
            # It takes nothing, not even that it is too late.
            return

    return router


async def _hear(socket: WebSocket, streams: Streams) -> None:
    try:
        start = _read_address(socket, streams)
    except Refusal as refusal:
        streams.meters.refused.labels(refusal.reason).inc()
        body = {"detail": refusal.detail}
        await socket.send_denial_response(
            JSONResponse(body, refusal.status_code, headers=refusal.headers)
        )
        return
    await socket.accept()
    listening = _Listening()
    try:
        if start is None:
            start = await _receive_start(socket, streams)
            streams.guard.take(streams.guard.name_caller(socket.headers, start.key))
            streams.check_room()
        streams.open.add(listening)
        # A stream is heard by one model, so that what it says is of one piece.
        named = {"speaker": start.speaker, "group": start.group}
        loaded = await suit(streams.champion.loaded, streams.ears, **named)
        await _Conversation(socket, streams, start, listening, loaded).run()
    except Refusal as refusal:
        streams.meters.refused.labels(refusal.reason).inc()
        await _tell_refusal(socket, refusal)
    finally:
        streams.open.discard(listening)


def _read_address(socket: WebSocket, streams: Streams) -> Start | None:
    """Return what the address says of the sound; None where a message is to say it."""
    streams.guard.check_origin(socket.headers)
    streams.check_room()
    shows_key = "Authorization" in socket.headers or "X-API-Key" in socket.headers
    if shows_key:
        name = streams.guard.name_caller(socket.headers)
    if "sample_rate" not in socket.query_params or (streams.guard.needs_key and not shows_key):
        return None
    start = _parse_start(dict(socket.query_params))
    streams.guard.take(name if shows_key else streams.guard.name_caller(socket.headers))
    return start


async def _receive_start(socket: WebSocket, streams: Streams) -> Start:
    try:
        async with asyncio.timeout(streams.idle_s):
            message = await socket.receive()
    except TimeoutError as error:
        raise Refusal(408, "slow", "no message said what the stream is") from error
    said = _parse_text(dict(message))
    return _parse_start(said)


def _parse_start(said: Any) -> Start:  # noqa: ANN401 - JSON is anything
    if isinstance(said, dict) and "key" in said and not isinstance(said["key"], str | None):
        raise Refusal(422, "message", "`key` must be text")
    try:
        return Start.model_validate(said)
    except ValidationError as error:
        # It repeats nothing of what was sent: that may hold a key.
        wrong = "; ".join(
            f"`{'.'.join(map(str, item['loc'])) or 'message'}`: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False)
        )
        raise Refusal(422, "message", f"not what begins a stream: {wrong}") from error


def _parse_text(message: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON is anything
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", NORMAL))
    text = message.get("text")
    if text is None:
        raise Refusal(422, "message", "sound came before a message said what it is")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refusal(422, "message", "a text message is no JSON") from error


async def _tell_refusal(socket: WebSocket, refusal: Refusal) -> None:
    told: dict[str, Any] = {"type": "error", "status": refusal.status_code}
    told["detail"] = refusal.detail
    if refusal.retry_after_s is not None:
        told["retry_after_s"] = refusal.retry_after_s
    await socket.send_text(json.dumps(told))
    await socket.close(CLOSE_CODES.get(refusal.status_code, BROKEN))


class _Conversation:
    """One stream, from its first sample to its last moment."""

    def __init__(
        self,
        socket: WebSocket,
        streams: Streams,
        start: Start,
        listening: _Listening,
        loaded: Loaded,
    ) -> None:
        from ser.streaming.stream import EmotionStream  # noqa: PLC0415 - loads torch

        self._socket = socket
        self._streams = streams
        self._start = start
        self._listening = listening
        self._loaded = loaded
        self._ear = EmotionStream(loaded.recogniser, sample_rate=start.sample_rate)
        self._samples = 0
        self._began = time.monotonic()

    @property
    def _seconds(self) -> float:
        return self._samples / self._start.sample_rate

    async def run(self) -> None:
        model = describe_model(self._loaded).model_dump(include={"model", "classes", "coverage"})
        said = self._start.model_dump(include={"sample_rate", "encoding", "speaker"})
        known = {"baseline": self._loaded.baseline, "group": self._loaded.group}
        await self._tell({"type": "ready", **model, **said, **known})
        reason, code = "asked", NORMAL
        while True:
            message = await self._receive()
            if message is None:
                reason, code = "stopping", STOPPING
                break
            data = message.get("bytes")
            if data is None:
                self._check_end(message)
                break
            samples = _read_samples(data, self._start.encoding)
            self._samples += len(samples)
            await self._answer(await self._listen(self._ear.collect, samples))
            self._streams.meters.heard.inc(len(samples) / self._start.sample_rate)
            if max(self._seconds, time.monotonic() - self._began) > LONGEST_S:
                reason = "too long"
                break
            await self._wait_for_time()
        await self._answer(await self._listen(self._ear.collect_rest))
        seconds = round(self._seconds, 3)
        await self._tell({"type": "end", "reason": reason, "seconds": seconds})
        await self._socket.close(code)

    async def _receive(self) -> dict[str, Any] | None:
        """Return the next message; None if the stream is to end."""
        try:
            async with asyncio.timeout(self._streams.idle_s) as patience:
                self._listening.patience = patience
                if self._listening.is_stopped:
                    return None
                message = dict(await self._socket.receive())
        except TimeoutError as error:
            if self._listening.is_stopped:
                return None
            idle_s = self._streams.idle_s
            raise Refusal(408, "idle", f"nothing was heard for {idle_s:g} s") from error
        finally:
            self._listening.patience = None
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", NORMAL))
        return message

    def _check_end(self, message: dict[str, Any]) -> None:
        if _parse_text(message) != {"type": "end"}:
            raise Refusal(422, "message", 'a text message must be {"type": "end"}')

    async def _listen(self, hear: Any, *what: Any) -> "Sequence[Due]":  # noqa: ANN401
        loop = asyncio.get_running_loop()
        due: Sequence[Due] = await loop.run_in_executor(self._streams.ears, hear, *what)
        return due

    async def _answer(self, due: "Sequence[Due]") -> None:
        """Tell the moments that are due, in order."""
        waiting = [item for item in due if item.window is not None]
        futures = self._streams.batcher.submit_due(self._loaded, waiting)
        judged = iter([asyncio.wrap_future(future) for future in futures])
        for item in due:
            moment = item.moment if item.window is None else await next(judged)
            self._streams.meters.moments.inc()
            await self._tell(describe_moment(self._loaded, moment))

    async def _wait_for_time(self) -> None:
        lead_s = self._seconds - (time.monotonic() - self._began)
        while lead_s > LEAD_S and not self._listening.is_stopped:
            await asyncio.sleep(min(1.0, lead_s - LEAD_S))
            lead_s = self._seconds - (time.monotonic() - self._began)

    async def _tell(self, what: dict[str, Any]) -> None:
        # Who does not read what it is told is not worth hearing either.
        async with asyncio.timeout(self._streams.idle_s):
            await self._socket.send_text(json.dumps(what))


def _read_samples(data: bytes, encoding: str) -> npt.NDArray[np.int16] | npt.NDArray[np.float32]:
    """Return the samples of a message, ``(S,)``."""
    if len(data) % SAMPLE_BYTES[encoding]:
        raise Refusal(
            422, "message", f"a message of {len(data)} bytes holds no whole {encoding} samples"
        )
    if encoding == "pcm16":
        return np.frombuffer(data, "<i2").astype(np.int16, copy=False)
    samples = np.frombuffer(data, "<f4").astype(np.float32, copy=False)
    if not np.isfinite(samples).all():
        raise Refusal(422, "message", "samples must be finite")
    return samples
