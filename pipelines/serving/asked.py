"""What callers may say of who speaks, and what answers them then."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from pipelines.errors import NothingToDoError, PipelineError
from pipelines.serving.limits import Refusal
from pipelines.serving.load import Loaded
from ser.errors import SerError

logger = logging.getLogger(__name__)

# Another model was told of the speaker, and this one was not.
NONE = "none"
SHOWN = 100
SPEAKER = """Who speaks, as `serloop baseline` was told. The answer's `baseline` says whether what
is known of them was used; where it was, there are no sets. Where only another model was told of
them, such as the champion before this one, they are judged as anybody is."""
GROUP = """Whose thresholds make the sets, such as `female`: one of the `groups` of `/v1/model`;
default: `all`."""


async def suit(
    loaded: Loaded, pool: ThreadPoolExecutor, *, speaker: str | None, group: str | None
) -> Loaded:
    """Return what answers a caller who said of whom the sound is.

    Args:
        loaded: What answers at this moment.
        pool: Threads that may read files.
        speaker: Who speaks; None for anybody.
        group: Whose thresholds make sets; None for those of all.

    Raises:
        Refusal: 422 if the model is not calibrated for the group, or no model was told of the
            speaker; 500 if what it was told cannot be read.
    """
    try:
        loaded = loaded.for_group(group)
    except NothingToDoError as error:
        raise Refusal(422, "group", str(error)) from error
    if speaker is None:
        return loaded
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(pool, partial(_suit_speaker, loaded, speaker))


def _suit_speaker(loaded: Loaded, speaker: str) -> Loaded:
    told = None if loaded.voices is None else loaded.voices.told
    if told is not None and speaker not in told.used:
        # Who calls must not fail because a model took over, and must not learn who else is known.
        if speaker in told.elsewhere:
            return replace(loaded, baseline=NONE)
        name = speaker[:SHOWN]
        raise Refusal(
            422,
            "speaker",
            f"no model was told of `{name}`; tell this one with `serloop baseline {name} --model "
            f"{loaded.model_id} --neutral CLIP`, or name no speaker",
        )
    try:
        return loaded.for_speaker(speaker)
    except PipelineError as error:
        raise Refusal(422, "speaker", str(error)) from error
    except SerError as error:
        logger.error("what was told of a speaker cannot be used: %s", error)  # noqa: TRY400
        detail = "what is known of the speaker cannot be read; the server's log says why"
        raise Refusal(500, "baseline", detail) from error
