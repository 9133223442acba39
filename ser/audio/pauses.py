"""Cut long recordings at their pauses, against a noise floor that changes with time."""

import numpy as np
import numpy.typing as npt

from ser.audio.levels import HOP_S, hold
from ser.audio.segment import SPEECH_SPREADS, TrimSettings, measure_noise
from ser.errors import ConfigurationError

WINDOW_S = 20.0  # Martin (2001) takes 1.5 s; a rant without a pause is longer
STEP_S = 5.0
BLOCK = 64  # windows


def track_threshold(
    levels_dbfs: npt.NDArray[np.float64], settings: TrimSettings
) -> npt.NDArray[np.float64]:
    """Return the level from which on a frame of a long recording is speech, ``(F,)``.

    Every 5 s the noise floor, its spread σ and the peak are taken from the 20 s around::

        max(floor + max(rise_db, min(4 σ, peak − guard_db − floor)), highest peak − range_db)

    with straight lines between. Unlike in a clip, ``rise_db`` is always asked for: a window
    without speech is all noise and must not stay whole.

    Args:
        levels_dbfs: From `ser.audio.levels.measure_levels`, ``(F,)``, F ≥ 1.
        settings: The thresholds' distances.

    Example:
        >>> hush, hum = np.full(3000, -80.0), np.full(3000, -50.0)
        >>> hush[500:600] = hum[500:600] = -20
        >>> threshold = track_threshold(np.concatenate([hush, hum]), TrimSettings())
        >>> threshold[[0, 1000, 5000]].tolist()
        [-60.0, -60.0, -44.0]
    """
    frames = len(levels_dbfs)
    window, step = (min(round(seconds / HOP_S), frames) for seconds in (WINDOW_S, STEP_S))
    run = min(max(round(settings.min_speech_s / HOP_S), 1), window)
    windows = np.lib.stride_tricks.sliding_window_view(levels_dbfs, window)[::step]
    # Windows overlap, so all of them at once would be four copies of the levels.
    blocks = [windows[first : first + BLOCK] for first in range(0, len(windows), BLOCK)]
    floors, spreads = (
        np.concatenate(parts)
        for parts in zip(*(measure_noise(block, settings) for block in blocks), strict=True)
    )
    held = hold(levels_dbfs, run)
    peaks = np.lib.stride_tricks.sliding_window_view(held, window - run + 1)[::step].max(axis=1)
    rise = np.minimum(SPEECH_SPREADS * spreads, peaks - settings.guard_db - floors)
    local = floors + np.maximum(rise, settings.rise_db)
    centres = np.arange(len(windows)) * step + window / 2
    threshold: npt.NDArray[np.float64] = np.interp(np.arange(frames), centres, local)
    return np.maximum(threshold, float(held.max()) - settings.range_db, out=threshold)


def split_at_pauses(
    levels_dbfs: npt.NDArray[np.float64],
    threshold_dbfs: float | npt.NDArray[np.float64],
    *,
    longest_s: float = 20.0,
    pause_s: float = 0.3,
    silence_s: float = 1.0,
    min_speech_s: float = 0.05,
) -> npt.NDArray[np.int64]:
    """Return where to cut a long recording into pieces, by its pauses.

    A silence parts pieces always; half a second of it stays at each side, the rest is dropped.
    Speech that is still too long is cut in the middle of the longest pause that leaves a piece
    of ``longest_s / 2 … longest_s``, else of the last pause before; nothing is dropped there.
    Where nobody pauses for ``longest_s``, the cut is at the softest frame of that range.

    Args:
        levels_dbfs: Level of each 10 ms frame, ``(F,)``.
        threshold_dbfs: Speech is at or above it, for all frames or for each, ``(F,)``;
            `track_threshold` gives one.
        longest_s: No piece is longer, s; more than ``silence_s``.
        pause_s: Shorter gaps are part of speech, s.
        silence_s: Longer gaps are no part of any piece but for their edges, s.
        min_speech_s: Shorter sounds, such as clicks, are no speech, s.

    Returns:
        First frame and the frame after the last one of each piece, in order, without overlap,
        ``(K, 2)``; K is 0 where nothing is speech.

    Raises:
        ConfigurationError: Unless ``0 < pause_s ≤ silence_s < longest_s``.

    Example:
        >>> levels = np.full(6000, -80.0)
        >>> levels[500:1500] = levels[1550:3000] = levels[5000:5500] = -20
        >>> split_at_pauses(levels, -60.0).tolist()
        [[450, 1525], [1525, 3050], [4950, 5550]]
    """
    if not 0 < pause_s <= silence_s < longest_s:
        raise ConfigurationError(
            "needed is 0 < `pause_s` ≤ `silence_s` < `longest_s`, but got "
            f"{pause_s}, {silence_s} and {longest_s} s"
        )
    starts, ends = _find_stretches(levels_dbfs >= threshold_dbfs, pause_s, min_speech_s)
    if not len(starts):
        return np.empty((0, 2), dtype=np.int64)
    edge, longest = round(silence_s / 2 / HOP_S), round(longest_s / HOP_S)
    gaps = starts[1:] - ends[:-1]
    cuts = ends[:-1] + gaps // 2
    silences = np.flatnonzero(gaps > 2 * edge)
    firsts = np.maximum(starts[np.append(0, silences + 1)] - edge, 0)
    lasts = np.minimum(ends[np.append(silences, len(ends) - 1)] + edge, len(levels_dbfs))
    pieces: list[tuple[int, int]] = []
    for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
        start = first
        while last - start > longest:
            cut = _find_cut(levels_dbfs, cuts, gaps, start, longest)
            pieces.append((start, cut))
            start = cut
        pieces.append((start, last))
    return np.array(pieces, dtype=np.int64)


def _find_stretches(
    is_speech: npt.NDArray[np.bool_], pause_s: float, min_speech_s: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return first and end of the stretches of speech between pauses, clicks dropped."""
    edges = np.flatnonzero(np.diff(is_speech.astype(np.int8), prepend=0, append=0))
    starts, ends = edges[::2], edges[1::2]
    is_sound = ends - starts >= round(min_speech_s / HOP_S)
    starts, ends = starts[is_sound], ends[is_sound]
    pauses = np.flatnonzero(starts[1:] - ends[:-1] >= round(pause_s / HOP_S))
    return np.append(starts[:1], starts[pauses + 1]), np.append(ends[pauses], ends[-1:])


def _find_cut(
    levels: npt.NDArray[np.float64],
    cuts: npt.NDArray[np.int64],
    gaps: npt.NDArray[np.int64],
    start: int,
    longest: int,
) -> int:
    """Return where the piece that begins at ``start`` ends; see `split_at_pauses`."""
    earliest, latest = start + longest // 2, start + longest
    before, first, behind = np.searchsorted(cuts, [start + 1, earliest, latest + 1])
    if first < behind:
        return int(cuts[first + np.argmax(gaps[first:behind])])
    if before < first:
        return int(cuts[first - 1])
    return earliest + int(np.argmin(levels[earliest:latest]))
