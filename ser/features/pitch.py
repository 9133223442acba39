"""Pitch: the fundamental frequency of the voice over time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.fft

from ser.errors import ConfigurationError
from ser.features.record import cut_frames

PERIODS = 3  # of the lowest pitch in a window, as Boersma asks for autocorrelation
CANDIDATES = 6  # per frame; 15 (the default of Praat) moves 7 of 33,321 frames of RAVDESS
OCTAVE_COST = 0.01  # per octave, favours the higher of equally good pitches
OCTAVE_JUMP_COST = 0.35  # per octave between frames 10 ms apart
VOICING_COST = 0.14  # of starting or ending voice between frames 10 ms apart
COST_STEP_S = 0.01  # the frame distance that both costs are stated for
VOICING_THRESHOLD = 0.45  # autocorrelation below which a frame counts as unvoiced
SILENCE_THRESHOLD = 0.03  # of the clip's peak, below which a frame counts as silent

Reals = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class PitchTrack:
    """The pitch of one clip.

    Args:
        f0_hz: Fundamental frequency of each frame, Hz; 0 where unvoiced, ``(F,)``.
        strength: Normalised autocorrelation at the best period of each frame, whether it was
            taken as voiced or not, 0 … 1, ``(F,)``.
    """

    f0_hz: Reals
    strength: Reals


def track_pitch(
    waveform: Reals, sample_rate: int, hop: int, *, f_min: float = 60.0, f_max: float = 500.0
) -> PitchTrack:
    """Follow the fundamental frequency of a voice.

    The autocorrelation of each windowed frame, divided by that of the window, peaks at the
    period. The highest peaks of each frame compete with 'unvoiced', and the path through them
    that pays least for jumps wins (Viterbi).

    Args:
        waveform: Mono float32 ``(S,)`` in [−1, 1].
        sample_rate: Hz.
        hop: Samples between frames; frame ``t`` is centred on sample ``t · hop``.
        f_min: Lowest pitch, Hz; windows hold three of its periods.
        f_max: Highest pitch, Hz.

    Returns:
        ``1 + S // hop`` frames.

    Raises:
        ConfigurationError: If the pitches do not lie in order between 0 and a quarter of the
            sample rate.

    Example:
        >>> tone = np.sin(2 * np.pi * 220 * np.arange(8000) / 16000).astype(np.float32)
        >>> track_pitch(tone, 16000, 1600).f0_hz.round().tolist()
        [220.0, 220.0, 220.0, 220.0, 220.0, 220.0]

    Reference:
        P. Boersma, "Accurate short-term analysis of the fundamental frequency and the
        harmonics-to-noise ratio of a sampled sound", Proc. Institute of Phonetic Sciences 17,
        University of Amsterdam, 1993.
    """
    if not 0 < f_min < f_max <= sample_rate / 4:
        raise ConfigurationError(
            f"`f_min` < `f_max` must lie in (0, sample_rate / 4 = {sample_rate / 4}], but got "
            f"{f_min} and {f_max}"
        )
    size = 2 * round(PERIODS * sample_rate / f_min / 2)
    frames = cut_frames(waveform, size, hop)
    lags = (int(sample_rate / f_max), int(np.ceil(sample_rate / f_min)))
    correlation, peaks = _autocorrelate(frames, lags[1] + 2)
    loudest = float(np.abs(waveform).max())
    f0_hz, strength = _find_candidates(correlation, lags, sample_rate)
    voiced = strength + np.where(f0_hz > 0, OCTAVE_COST * np.log2(np.maximum(f0_hz, 1) / f_min), 0)
    silence = 2 - peaks / max(loudest, 1e-9) * (1 + VOICING_THRESHOLD) / SILENCE_THRESHOLD
    unvoiced = VOICING_THRESHOLD + np.maximum(0, silence)
    scores = np.column_stack([unvoiced, np.where(f0_hz > 0, voiced, -np.inf)])
    pitches = np.column_stack([np.zeros(len(frames)), f0_hz])
    chosen = _cheapest_path(scores, pitches, COST_STEP_S * sample_rate / hop)
    return PitchTrack(
        f0_hz=pitches[np.arange(len(frames)), chosen].astype(np.float32),
        strength=strength.max(axis=1).clip(0, 1).astype(np.float32),
    )


def _autocorrelate(frames: Reals, lags: int) -> tuple[Reals, Reals]:
    """Return the autocorrelation of each frame at lags 0 …, ``(F, lags)``, and its peak."""
    size = frames.shape[1]
    window = (0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(size) + 0.5) / size)).astype(np.float32)
    # Long enough that no lag of interest wraps around.
    length = scipy.fft.next_fast_len(size + lags, real=True)
    centred = frames - frames.mean(axis=1, keepdims=True)
    peaks = np.abs(centred).max(axis=1)
    both = np.concatenate([centred * window, window[None]])
    spectrum = scipy.fft.rfft(both, length, overwrite_x=True)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    raw = scipy.fft.irfft(power, length, overwrite_x=True)[:, :lags]
    normalised = raw / np.maximum(raw[:, :1], np.float32(1e-12))
    return normalised[:-1] / normalised[-1], peaks


def _find_candidates(
    correlation: Reals, lags: tuple[int, int], sample_rate: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return pitch and strength of each frame's highest peaks, ``(F, K)``, 0 where there is none.

    A parabola through three points gives period and height between samples.
    """
    first, last = lags
    before = correlation[:, first - 1 : last].astype(np.float64)
    here = correlation[:, first : last + 1].astype(np.float64)
    after = correlation[:, first + 1 : last + 2].astype(np.float64)
    is_peak = (here > before) & (here >= after) & (here > 0)
    curvature = np.where(is_peak, 2 * here - before - after, 1.0)
    shift = np.where(is_peak, (after - before) / (2 * curvature), 0.0)
    height = np.where(is_peak, here + 0.25 * (after - before) * shift, 0.0)
    # Above 1 lies only what noise did to the parabola; Boersma reflects it.
    height = np.where(height > 1, 1 / np.maximum(height, 1), height)
    count = min(CANDIDATES, height.shape[1])
    favoured = np.where(
        is_peak, height - OCTAVE_COST * np.log2(np.arange(first, last + 1) / last), -np.inf
    )
    best = np.argpartition(-favoured, count - 1, axis=1)[:, :count]
    period = best + first + np.take_along_axis(shift, best, axis=1)
    strength = np.take_along_axis(height, best, axis=1)
    return np.where(strength > 0, sample_rate / period, 0.0), strength


def _cheapest_path(
    scores: npt.NDArray[np.float64], pitches: npt.NDArray[np.float64], cost_factor: float
) -> npt.NDArray[np.int64]:
    """Return the candidate of each frame on the path with the highest sum, ``(F,)``."""
    octaves = np.log2(np.where(pitches > 0, pitches, 1.0))
    is_voiced = pitches > 0
    jumps = OCTAVE_JUMP_COST * np.abs(octaves[:-1, :, None] - octaves[1:, None, :])
    is_both = is_voiced[:-1, :, None] & is_voiced[1:, None, :]
    is_change = is_voiced[:-1, :, None] != is_voiced[1:, None, :]
    costs = cost_factor * np.where(is_both, jumps, np.where(is_change, VOICING_COST, 0.0))
    came_from = np.zeros(pitches.shape, dtype=np.int64)
    total = scores[0]
    for frame, cost in enumerate(costs, start=1):
        through = total[:, None] - cost
        came_from[frame] = through.argmax(axis=0)
        total = through.max(axis=0) + scores[frame]
    path = np.empty(len(pitches), dtype=np.int64)
    path[-1] = total.argmax()
    for frame in range(len(pitches) - 1, 0, -1):
        path[frame - 1] = came_from[frame, path[frame]]
    return path
