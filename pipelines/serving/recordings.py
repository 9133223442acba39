"""The door for recordings: files in, one answer for each out."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request

from pipelines.serving.answers import Answer, Judged, Problem, describe_posterior
from pipelines.serving.asked import GROUP, SPEAKER, suit
from pipelines.serving.batching import Batcher
from pipelines.serving.forms import FORM, Upload, read_uploads
from pipelines.serving.limits import Bodies, Guard, Refusal, Room
from pipelines.serving.load import Loaded
from pipelines.serving.swap import Champion
from ser.audio.files import open_recording
from ser.audio.source import read_source
from ser.errors import AudioError
from ser.prepare import PreparedClip, Rejected, Unchanged, prepare

RECOGNISE = "/v1/recognise"
# Of these, a byte is at most a sample: what they hold cannot be more than what was sent.
PLAIN = frozenset({"AIFF", "RF64", "W64", "WAV", "WAVEX"})
TOO_LONG, UNHEARD = 413, 422
BINARY = {"schema": {"type": "string", "format": "binary"}}
FILES = {
    "schema": {
        "type": "object",
        "properties": {"file": {"type": "array", "items": BINARY["schema"]}},
    }
}
REFUSALS = {
    400: "The form or the body is malformed.",
    401: "The key is missing, wrong or was revoked.",
    403: "The request comes from a page of another site.",
    408: "The body came too slowly.",
    413: "The request is too large, a recording too long, or there are too many files.",
    422: "A file is no sound, is damaged, or has no speech, or speaker or group are unknown; "
    "the detail says which and why.",
    429: "Too many requests or clips; `Retry-After` says when to come back.",
    500: "What is known of the speaker cannot be read.",
    503: "The server is being stopped.",
}
DESCRIPTION = """Send one recording as the body, or several as the files of a form. WAV, FLAC, Ogg,
MP3 and AIFF are understood, of any rate and number of channels. Speech is found in each, and judged
as a whole, by what is known of `speaker` if one is named. If one of several files cannot be judged,
none is, and the detail names all that cannot.
"""


@dataclass(frozen=True, eq=False)
class Desk:
    """What answers recordings.

    Args:
        champion: What judges.
        batcher: Judges.
        guard: Who may come in.
        bodies: Reads what they bring.
        room: How much of it may be inside.
        decoders: Threads that decode.
        most_files: Files of a request.
        longest_s: Longest recording, s.
    """

    champion: Champion
    batcher: Batcher
    guard: Guard
    bodies: Bodies
    room: Room
    decoders: ThreadPoolExecutor
    most_files: int
    longest_s: float


def create_recordings_router(desk: Desk) -> APIRouter:
    """Return the door for recordings.

    Args:
        desk: What answers them.
    """
    router = APIRouter()

    @router.post(
        RECOGNISE,
        summary="Recognise the emotion of recordings",
        description=DESCRIPTION,
        openapi_extra={
            "requestBody": {"required": True, "content": {"audio/*": BINARY, FORM: FILES}}
        },
        responses={code: {"model": Problem, "description": t} for code, t in REFUSALS.items()},
    )
    async def recognise(
        request: Request,
        speaker: Annotated[str | None, Query(description=SPEAKER)] = None,
        group: Annotated[str | None, Query(description=GROUP)] = None,
    ) -> Answer:
        desk.guard.check_origin(request.headers)
        desk.guard.take(desk.guard.name_caller(request.headers))
        # What could not be judged is not read either.
        desk.room.check()
        # One model for the whole request, whatever takes over meanwhile.
        loaded = await suit(desk.champion.loaded, desk.decoders, speaker=speaker, group=group)
        async with desk.bodies.read(request) as body:
            kind = request.headers.get("Content-Type", "")
            uploads = read_uploads(kind, body, most=desk.most_files)
            with desk.room.enter(len(uploads)):
                results = await _judge(desk, loaded, uploads)
        return Answer(
            model=loaded.model_id,
            speaker=speaker,
            baseline=loaded.baseline,
            group=loaded.group,
            results=results,
        )

    return router


async def _judge(desk: Desk, loaded: Loaded, uploads: Sequence[Upload]) -> list[Judged]:
    rate = loaded.recogniser.sample_rate
    loop = asyncio.get_running_loop()
    decoded = await asyncio.gather(
        *(
            loop.run_in_executor(desk.decoders, decode, upload.content, rate, desk.longest_s)
            for upload in uploads
        )
    )
    clips = _require_clips(uploads, decoded)
    futures = desk.batcher.submit(loaded, [clip.waveform for clip in clips])
    posteriors = await asyncio.gather(*map(asyncio.wrap_future, futures))
    return [
        Judged(
            name=upload.name,
            speech_start_s=clip.speech_start_s,
            speech_end_s=clip.speech_end_s,
            duration_s=clip.duration_s,
            flags=list(clip.flags),
            **describe_posterior(loaded, posterior),
        )
        for upload, clip, posterior in zip(uploads, clips, posteriors, strict=True)
    ]


@dataclass(frozen=True)
class Unheard:
    """Why a recording is not judged.

    Args:
        status: Of HTTP.
        detail: What is wrong with it.
    """

    status: int
    detail: str


def decode(content: bytes, sample_rate: int, longest_s: float) -> PreparedClip | Unheard:
    """Return the speech of a recording as one clip, or why there is none.

    Args:
        content: The bytes of the file.
        sample_rate: Rate wanted, Hz.
        longest_s: Longest recording, s. A longer one is not decoded further than that: a few
            megabytes can hold days of silence.
    """
    try:
        duration_s = _measure(content, longest_s)
    except AudioError as error:
        return Unheard(UNHEARD, str(error))
    if duration_s > longest_s:
        return Unheard(TOO_LONG, f"longer than {longest_s:g} s; cut it, or send it as a stream")
    found = prepare(content, sample_rate=sample_rate, longest_clip_s=longest_s)
    if isinstance(found, Rejected):
        return Unheard(UNHEARD, f"{found.reason}: {found.detail}")
    if isinstance(found, Unchanged):
        raise TypeError("nothing is known already, but a recording was taken for known")
    return next(found)


def _measure(content: bytes, longest_s: float) -> float:
    """Return how long a recording is, or some time above `longest_s`, s."""
    with open_recording(read_source(content)) as recording:
        if recording.frames is not None:
            promised_s = recording.frames / recording.sample_rate
            if promised_s > longest_s or recording.format in PLAIN:
                return promised_s
        # What compresses may hold more than its header admits.
        frames = 0
        for block in recording.blocks:
            frames += len(block)
            if frames > longest_s * recording.sample_rate:
                break
        return frames / recording.sample_rate


def _require_clips(
    uploads: Sequence[Upload], decoded: Sequence[PreparedClip | Unheard]
) -> list[PreparedClip]:
    """Return the clips of all files, or refuse the request with what is wrong with each."""
    clips = [found for found in decoded if isinstance(found, PreparedClip)]
    if len(clips) == len(uploads):
        return clips
    wrong = [
        (upload.name, found)
        for upload, found in zip(uploads, decoded, strict=True)
        if isinstance(found, Unheard)
    ]
    detail = "; ".join(f"`{name}`: {found.detail}" for name, found in wrong)
    is_long = any(found.status == TOO_LONG for _, found in wrong)
    raise Refusal(TOO_LONG if is_long else UNHEARD, "length" if is_long else "audio", detail)
