"""What a stream says every quarter of a second."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ser.errors import ConfigurationError
from ser.inference.recogniser import FrameRecogniser, Posterior, Recogniser

FRAME_AXES = 2


@dataclass(frozen=True, eq=False)
class Moment:
    """One answer of a stream.

    Args:
        start_s: Where the hop that it answers for begins, from the start of the stream, s.
        end_s: Where it ends, s; all that was heard until here counts.
        is_speech: Whether someone speaks, or did a moment ago.
        posterior: P(class) of the speech until here, float32 ``(C,)``; None where nobody speaks,
            or not for long enough yet.
        heard_s: Length of what it is judged by, padding included, s; 0 without a posterior.
        onset_s: Where that speech began, s; None where nobody speaks.
    """

    start_s: float
    end_s: float
    is_speech: bool
    posterior: Posterior | None = None
    heard_s: float = 0.0
    onset_s: float | None = None


@dataclass(frozen=True, eq=False)
class Due:
    """A moment that waits for its posterior.

    Args:
        moment: The moment, without a posterior.
        window: What is to be judged: frames ``(F, D)`` for a `FrameRecogniser` that reads a
            log-mel spectrogram, else a waveform ``(S,)``; None where there is nothing to judge.
    """

    moment: Moment
    window: npt.NDArray[np.float32] | None


def answer(recogniser: Recogniser, due: Sequence[Due]) -> list[Moment]:
    """Judge moments of any number of streams as one batch.

    Args:
        recogniser: The one that the streams were made for.
        due: From `EmotionStream.collect`, of one stream or of several.

    Returns:
        The moments, in the order given. Batch mates change a posterior by rounding, about 1e-6:
        what must not change by a bit is given one by one, as `EmotionStream.feed` does.

    Raises:
        ConfigurationError: If a moment came from a stream of another kind of recogniser.
    """
    windows = [of.window for of in due if of.window is not None]
    posterior = iter(_judge(recogniser, windows))
    return [
        of.moment if of.window is None else replace(of.moment, posterior=next(posterior))
        for of in due
    ]


def _judge(recogniser: Recogniser, windows: Sequence[npt.NDArray[np.float32]]) -> Posterior:
    are_frames = {window.ndim == FRAME_AXES for window in windows}
    if are_frames == {True} and isinstance(recogniser, FrameRecogniser):
        return recogniser.judge_frames(windows)
    if True in are_frames:
        raise ConfigurationError(
            f"`due` holds frames of features, but `{recogniser.name}` takes none together with "
            "waveforms, or none at all; answer the streams of each recogniser apart"
        )
    return recogniser.judge(windows)
