"""Find where speech starts and ends, by energy against the recording's own noise floor."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ser.audio.levels import HOP_S, hold, measure_levels
from ser.audio.pcm import Waveform
from ser.audio.reasons import rejection
from ser.audio.timing import seconds_to_samples
from ser.errors import ConfigurationError

SOFT_HOPS = 3  # soft speech lasts at least one window of the levels
SOFT_SHARE = 1 / 3  # of the rise speech needs: enough for a sound next to speech
SPEECH_SPREADS, SOFT_SPREADS = 4.0, 2.0
MAX_SPREAD_DB = 3.0  # a longer lower tail is not one noise: say, silence before the recording


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
        gap_s: Soft sounds at most this far from speech belong to it, s.
        padding_s: Kept before and after the speech, s; longer than the clip keeps all of it.
        fade_s_per_db: Kept in addition for each dB of ``range_db`` that noise covers, s.
        silence_dbfs: A clip in which nothing reaches this level holds no speech, dBFS.

    Raises:
        ConfigurationError: If a value is negative or ``guard_db`` exceeds ``range_db``.
    """

    rise_db: float = 6.0
    range_db: float = 40.0
    guard_db: float = 10.0
    noise_percentile: float = 10.0
    min_speech_s: float = 0.05
    gap_s: float = 0.2
    padding_s: float = 0.1
    fade_s_per_db: float = 0.01
    silence_dbfs: float = -65.0

    def __post_init__(self) -> None:
        """Refuse settings that contradict themselves."""
        if not 0 <= self.guard_db <= self.range_db:
            raise ConfigurationError(
                f"`guard_db` must lie in 0 … `range_db` = {self.range_db}, but got {self.guard_db}"
            )
        for name in ("rise_db", "min_speech_s", "gap_s", "padding_s", "fade_s_per_db"):
            if getattr(self, name) < 0:
                raise ConfigurationError(f"`{name}` must be ≥ 0, but got {getattr(self, name)}")
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
        threshold_dbfs: Frames at or above it are speech by themselves.
    """

    start: int
    end: int
    levels_dbfs: npt.NDArray[np.float64]
    floor_dbfs: float
    threshold_dbfs: float


@dataclass(frozen=True)
class Thresholds:
    """What a clip's levels are compared with, dBFS.

    Args:
        peak: The highest level held for ``min_speech_s``.
        floor: The noise floor.
        speech: Speech by itself.
        soft: Speech next to speech.
    """

    peak: float
    floor: float
    speech: float
    soft: float


def find_speech(waveform: Waveform, sample_rate: int, settings: TrimSettings) -> SpeechSpan:
    """Return the span from the first to the last speech, padded.

    The noise floor is a low percentile of the levels, and σ its distance from a tenth of that
    percentile, at most 3 dB: how much the noise itself varies, next to nothing for hiss, 2 dB and
    more where other people talk. The peak is the highest level held for ``min_speech_s``. Speech
    is what holds for that long::

        clip(floor + max(rise_db, 4 σ), peak − range_db, peak − guard_db)

    and, as onsets and endings are soft, what holds for 30 ms::

        clip(floor + max(rise_db / 3, 2 σ), peak − range_db, peak − guard_db)

    at most ``gap_s`` from speech or from another such sound. What noise covers nobody finds, so
    the padding grows by ``fade_s_per_db`` for each dB of ``range_db`` below the lower threshold.
    In doubt more is kept: a clip of speech without pauses, or in noise about as loud, stays
    whole, and where digital silence hides the noise floor everything down to ``peak − range_db``
    counts as speech.

    A floor from the quietest parts is Martin's idea (2001, IEEE Trans. Speech Audio Process.
    9(5)), two thresholds are Rabiner and Sambur's (1975, Bell Syst. Tech. J. 54(2)). The floor is
    one for the clip; `ser.audio.pauses` follows it through long recordings.

    Args:
        waveform: Mono float32 of full scale ±1, or int16 ``(S,)``, at least 10 ms.
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
    limits = find_thresholds(levels, settings)
    run = _speech_run(levels, settings)
    loud = np.flatnonzero(hold(levels, run) >= limits.speech)
    soft_run = min(SOFT_HOPS, len(levels))
    soft = np.flatnonzero(hold(levels, soft_run) >= limits.soft)
    gap = round(settings.gap_s / HOP_S)
    first, last = stretch(int(loud[0]), int(loud[-1]) + run, soft, soft_run, gap)
    covered_db = settings.range_db - (limits.peak - limits.soft)
    padding_s = settings.padding_s + settings.fade_s_per_db * covered_db
    hop = seconds_to_samples(HOP_S, sample_rate)
    start, end = pad_samples(first * hop, last * hop, len(waveform), sample_rate, padding_s)
    return SpeechSpan(start, end, levels, limits.floor, limits.speech)


def find_thresholds(levels: npt.NDArray[np.float64], settings: TrimSettings) -> Thresholds:
    """Return the noise floor and the thresholds of a clip; see `find_speech`.

    Args:
        levels: From `ser.audio.levels.measure_levels`, ``(F,)``.
        settings: The thresholds' distances.

    Raises:
        AudioError: ``no_speech`` if no sound at or above ``silence_dbfs`` lasts
            ``min_speech_s``.

    Example:
        >>> find_thresholds(np.repeat([-60.0, -20.0, -60.0], 50), TrimSettings())
        Thresholds(peak=-20.0, floor=-60.0, speech=-54.0, soft=-58.0)
    """
    peak = float(hold(levels, _speech_run(levels, settings)).max())
    if peak < settings.silence_dbfs:
        raise rejection(
            "no_speech",
            f"no sound of {settings.min_speech_s} s reaches {settings.silence_dbfs} dBFS; the "
            f"loudest is at {peak:.1f} dBFS",
        )
    floors, spreads = measure_noise(levels[np.newaxis], settings)
    floor, spread_db = float(floors[0]), float(spreads[0])
    lowest, highest = peak - settings.range_db, peak - settings.guard_db
    speech = floor + max(settings.rise_db, SPEECH_SPREADS * spread_db)
    soft = floor + max(settings.rise_db * SOFT_SHARE, SOFT_SPREADS * spread_db)
    speech, soft = (min(max(level, lowest), highest) for level in (speech, soft))
    return Thresholds(peak, floor, speech, soft)


def measure_noise(
    windows: npt.NDArray[np.float64], settings: TrimSettings
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the noise floor of each window of levels, and how much the noise varies.

    Args:
        windows: Levels, dBFS ``(W, F)``.
        settings: Says which percentile the floor is.

    Returns:
        Floors, dBFS ``(W,)``, and spreads, 0 … 3 dB ``(W,)``.

    Example:
        >>> floors, spreads = measure_noise(np.linspace(-60, -50, 101)[np.newaxis], TrimSettings())
        >>> floors.round(1).tolist(), spreads.round(1).tolist()
        ([-59.0], [0.9])
    """
    ordered = np.sort(windows, axis=1)
    rank = settings.noise_percentile / 100 * (windows.shape[1] - 1)
    floor = ordered[:, int(rank)]
    return floor, np.minimum(floor - ordered[:, int(rank / 10)], MAX_SPREAD_DB)


def stretch(
    first: int, last: int, soft: npt.NDArray[np.int64], length: int, gap: int
) -> tuple[int, int]:
    """Return a span stretched over the soft sounds around it.

    Args:
        first: First frame of the span.
        last: Frame after the last one.
        soft: First frames of the soft sounds, ascending.
        length: Frames of each soft sound.
        gap: Frames from the span to a soft sound, and on to the next, at most.

    Example:
        >>> stretch(50, 60, np.array([10, 40, 45, 61, 80]), 3, 5)
        (40, 64)
    """
    first = _follow(first, soft, gap + length)
    # Backwards in time an end is an onset.
    return first, -_follow(-last, -(soft[::-1] + length), gap + length)


def pad_samples(
    start: int, end: int, samples: int, sample_rate: int, padding_s: float
) -> tuple[int, int]:
    """Return a span of samples with padding, inside the clip.

    Args:
        start: First sample.
        end: Sample after the last one.
        samples: Length of the clip; a rest that fills no 10 ms belongs to what is before it.
        sample_rate: Hz.
        padding_s: Kept at both ends, s.

    Example:
        >>> pad_samples(1600, 3200, 16079, 16000, 0.05)
        (800, 4000)
        >>> pad_samples(1600, 16000, 16079, 16000, 0.0)
        (1600, 16079)
    """
    padding = seconds_to_samples(padding_s, sample_rate)
    is_rest = samples - end < seconds_to_samples(HOP_S, sample_rate)
    return max(0, start - padding), samples if is_rest else min(samples, end + padding)


def _speech_run(levels: npt.NDArray[np.float64], settings: TrimSettings) -> int:
    """Return how many frames speech lasts at least."""
    return min(max(round(settings.min_speech_s / HOP_S), 1), len(levels))


def _follow(onset: int, soft: npt.NDArray[np.int64], reach: int) -> int:
    """Return the first of the soft sounds that lead up to the onset in steps within reach."""
    chain = np.append(soft[soft < onset], onset)
    breaks = np.flatnonzero(np.diff(chain) > reach)
    return int(chain[breaks[-1] + 1 if len(breaks) else 0])
