"""Where the speech is that can be heard right now."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ser.audio.levels import HOP_S, hold
from ser.audio.segment import (
    SOFT_HOPS,
    SOFT_SHARE,
    SOFT_SPREADS,
    SPEECH_SPREADS,
    TrimSettings,
    measure_noise,
    stretch,
)

MEMORY_S = 20.0  # as in `ser.audio.pauses`: a rant without a pause is no noise yet
PAUSE_S = 0.5  # a longer pause begins a new utterance
HANGOVER_S = 0.3  # the longest stop of a word, and a breath


@dataclass(frozen=True)
class SpeechNow:
    """The utterance that is going on, or has just ended.

    Args:
        onset: Frames of 10 ms from its beginning to now.
        end: Frames from its end to now; 0 while it goes on.
    """

    onset: int
    end: int


def find_utterance(
    levels_dbfs: npt.NDArray[np.float64], settings: TrimSettings
) -> SpeechNow | None:
    """Return the utterance at the end of the levels, from what was heard until now.

    Speech is what holds ``min_speech_s`` above the noise floor of the memory, as in a window of
    `ser.audio.pauses.track_threshold`, and soft sounds around it belong to it, as in
    `ser.audio.segment.find_speech`. An utterance is speech without a pause of 0.5 s, and it is
    over 0.3 s after its last sound.

    Args:
        levels_dbfs: Level of each 10 ms of the last seconds, `MEMORY_S` at most, ``(F,)``.
        settings: The thresholds' distances.

    Returns:
        None where nobody speaks, or nothing was heard yet.

    Example:
        >>> levels = np.repeat([-60.0, -20.0], [100, 40])
        >>> find_utterance(levels, TrimSettings())
        SpeechNow(onset=40, end=0)
        >>> find_utterance(np.append(levels, [-60.0] * 40), TrimSettings()) is None
        True
    """
    run = round(settings.min_speech_s / HOP_S)
    if len(levels_dbfs) < max(run, SOFT_HOPS):
        return None
    held = hold(levels_dbfs, run)
    speech, soft = _find_thresholds(levels_dbfs, float(held.max()), settings)
    loud = np.flatnonzero(held >= speech)
    now = len(levels_dbfs)
    if not len(loud):
        return None
    # A run that starts within a pause's reach of the one before belongs to the same utterance.
    breaks = np.flatnonzero(np.diff(loud) - run >= round(PAUSE_S / HOP_S))
    first = int(loud[breaks[-1] + 1 if len(breaks) else 0])
    quiet = np.flatnonzero(hold(levels_dbfs, SOFT_HOPS) >= soft)
    gap = round(settings.gap_s / HOP_S)
    onset, end = stretch(first, int(loud[-1]) + run, quiet, SOFT_HOPS, gap)
    if now - end >= round(HANGOVER_S / HOP_S):
        return None
    return SpeechNow(onset=now - onset, end=now - end)


def _find_thresholds(
    levels: npt.NDArray[np.float64], peak: float, settings: TrimSettings
) -> tuple[float, float]:
    """Return the levels of speech by itself, and of speech next to speech, dBFS."""
    floors, spreads = measure_noise(levels[np.newaxis], settings)
    floor, spread = float(floors[0]), float(spreads[0])
    highest = peak - settings.guard_db - floor
    rises = (
        (settings.rise_db, SPEECH_SPREADS),
        (settings.rise_db * SOFT_SHARE, SOFT_SPREADS),
    )
    lowest = max(peak - settings.range_db, settings.silence_dbfs)
    speech, soft = (
        max(floor + max(rise, min(times * spread, highest)), lowest) for rise, times in rises
    )
    return speech, soft
