"""Find where speech starts and ends, by energy against the clip's own noise floor."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ser.audio.reasons import rejection
from ser.audio.timing import seconds_to_samples
from ser.errors import ConfigurationError

HOP_S = 0.01
WINDOW_HOPS = 3  # 30 ms: more than one period of the lowest voice
LOWEST_DBFS = -100.0  # half a bit below the rounding noise of 16-bit audio


@dataclass(frozen=True)
class TrimSettings:
    """How speech is told from the noise floor; see `find_speech`.

    Args:
        rise_db: Speech stands this far above the noise floor, dB.
        range_db: Speech is at most this far below the loudest part, dB.
        guard_db: All that is within this range of the loudest part is speech, whatever the
            noise floor seems to be, dB, at most ``range_db``; keeps clips without pauses whole.
        noise_percentile: The noise floor is this percentile of the frame levels, 0 … 100.
        min_speech_s: Shorter sounds, such as clicks, are no speech, s.
        padding_s: Kept before and after the speech, s; longer than the clip keeps all of it.
        silence_dbfs: A clip in which nothing reaches this level holds no speech, dBFS.

    Raises:
        ConfigurationError: If a value is negative or ``guard_db`` exceeds ``range_db``.
    """

    rise_db: float = 6.0
    range_db: float = 40.0
    guard_db: float = 15.0
    noise_percentile: float = 10.0
    min_speech_s: float = 0.05
    padding_s: float = 0.1
    silence_dbfs: float = -65.0

    def __post_init__(self) -> None:
        """Refuse settings that contradict themselves."""
        if not 0 <= self.guard_db <= self.range_db:
            raise ConfigurationError(
                f"`guard_db` must lie in 0 … `range_db` = {self.range_db}, but got {self.guard_db}"
            )
        if min(self.rise_db, self.min_speech_s, self.padding_s) < 0:
            raise ConfigurationError(
                "`rise_db`, `min_speech_s` and `padding_s` must be ≥ 0, but got "
                f"{self.rise_db}, {self.min_speech_s}, {self.padding_s}"
            )
        if not 0 <= self.noise_percentile <= 100:
            raise ConfigurationError(
                f"`noise_percentile` must lie in 0 … 100, but got {self.noise_percentile}"
            )


@dataclass(frozen=True, eq=False)
class SpeechSpan:
    """Where the speech of a clip is, and the levels it was found by.

    Args:
        start: First sample kept, padding included.
        end: Sample after the last one kept, padding included.
        levels_dbfs: Level of each 10 ms frame, ``(F,)``.
        floor_dbfs: The noise floor.
        threshold_dbfs: Frames at or above it count as speech.
    """

    start: int
    end: int
    levels_dbfs: npt.NDArray[np.float64]
    floor_dbfs: float
    threshold_dbfs: float


def measure_levels(waveform: npt.NDArray[np.float32], sample_rate: int) -> npt.NDArray[np.float64]:
    """Return the RMS level every 10 ms over 30 ms, dBFS ``(F,)``, never below −100.

    Args:
        waveform: Mono float32 ``(S,)``, at least 10 ms.
        sample_rate: Hz.

    Raises:
        ConfigurationError: If the waveform is shorter than 10 ms.

    Example:
        >>> measure_levels(np.full(800, 0.1, dtype=np.float32), 16000).round(3).tolist()
        [-20.0, -20.0, -20.0, -20.0, -20.0]
    """
    hop = seconds_to_samples(HOP_S, sample_rate)
    frames = len(waveform) // hop
    if not frames:
        raise ConfigurationError(
            f"`waveform` must hold at least {HOP_S} s = {hop} samples, but got {len(waveform)}"
        )
    blocks = waveform[: frames * hop].reshape(frames, hop)
    power = np.einsum("fs,fs->f", blocks, blocks, dtype=np.float64) / hop
    # "same" would give the longer of the two when there are fewer than three frames.
    window = np.ones(min(WINDOW_HOPS, frames))
    smooth = np.convolve(power, window, "same") / np.convolve(np.ones(frames), window, "same")
    levels: npt.NDArray[np.float64] = 10 * np.log10(np.maximum(smooth, 10 ** (LOWEST_DBFS / 10)))
    return levels


def find_speech(
    waveform: npt.NDArray[np.float32], sample_rate: int, settings: TrimSettings
) -> SpeechSpan:
    """Return the span from the first to the last speech, padded.

    The noise floor is a low percentile of the frame levels; the peak is the highest level held
    for ``min_speech_s``. Frames are speech at or above::

        clip(floor + rise_db, peak − range_db, peak − guard_db)

    for ``min_speech_s`` on end. In doubt more is kept: a clip of speech without pauses, or of
    speech in noise about as loud, stays whole, and where digital silence hides the noise floor
    everything down to ``peak − range_db`` counts as speech.

    Args:
        waveform: Mono float32 ``(S,)``, at least 10 ms.
        sample_rate: Hz.
        settings: The thresholds.

    Raises:
        AudioError: ``no_speech`` if no sound at or above ``silence_dbfs`` lasts
            ``min_speech_s``.

    Example:
        >>> second = np.zeros(16000, dtype=np.float32)
        >>> tone = np.sin(np.arange(16000, dtype=np.float32)) * np.float32(0.1)
        >>> span = find_speech(np.concatenate([second, tone, second]), 16000, TrimSettings())
        >>> round(span.start / 16000, 1), round(span.end / 16000, 1)
        (0.9, 2.1)
    """
    levels = measure_levels(waveform, sample_rate)
    hop = seconds_to_samples(HOP_S, sample_rate)
    run = seconds_to_samples(settings.min_speech_s, sample_rate) // hop
    run = min(max(run, 1), len(levels))
    held = np.lib.stride_tricks.sliding_window_view(levels, run).min(axis=1)
    peak = float(held.max())
    if peak < settings.silence_dbfs:
        raise rejection(
            "no_speech",
            f"no sound of {settings.min_speech_s} s reaches {settings.silence_dbfs} dBFS; the "
            f"loudest is at {peak:.1f} dBFS",
        )
    floor = float(np.percentile(levels, settings.noise_percentile))
    lowest, highest = peak - settings.range_db, peak - settings.guard_db
    threshold = min(max(floor + settings.rise_db, lowest), highest)
    hits = np.flatnonzero(held >= threshold)
    padding = seconds_to_samples(settings.padding_s, sample_rate)
    start = max(0, int(hits[0]) * hop - padding)
    end = (int(hits[-1]) + run) * hop
    # The last frame also speaks for the samples behind it that fill no frame.
    end = len(waveform) if end == len(levels) * hop else min(len(waveform), end + padding)
    return SpeechSpan(start, end, levels, floor, threshold)
