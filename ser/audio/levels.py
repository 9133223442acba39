"""How loud each 10 ms of a waveform is, rumble left out."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ser.audio.pcm import PCM16_SCALE, Waveform
from ser.audio.timing import seconds_to_samples
from ser.errors import ConfigurationError

HOP_S = 0.01
WINDOW_HOPS = 3  # 30 ms: more than one period of the lowest voice
LOWEST_DBFS = -100.0  # half a bit below the rounding noise of 16-bit audio
TREND_DEGREE = 2
BLOCK_FRAMES = 512  # stays in the cache, and a recording of hours on disk out of memory


def measure_levels(waveform: Waveform, sample_rate: int) -> npt.NDArray[np.float64]:
    """Return the RMS level every 10 ms over 30 ms, dBFS ``(F,)``, never below −100.

    Each 10 ms frame loses its best-fitting parabola first. That is a high-pass filter without a
    filter's state: an offset and handling noise go, 50 Hz hum falls by 32 dB, 60 Hz by 17, and a
    tone of 100 Hz by 4, of 200 Hz by 0.7.

    Args:
        waveform: Mono float32 of full scale ±1, or int16 ``(S,)``, at least 10 ms; both give the
            same levels for the same audio. A memory-mapped file is read once, in blocks.
        sample_rate: Hz.

    Raises:
        ConfigurationError: If the waveform is shorter than 10 ms.

    Example:
        >>> wave = np.where(np.arange(800) % 2, 0.1, -0.1).astype(np.float32) + np.float32(0.5)
        >>> measure_levels(wave, 16000).round(2).tolist()
        [-20.0, -20.0, -20.0, -20.0, -20.0]
    """
    hop = seconds_to_samples(HOP_S, sample_rate)
    frames = len(waveform) // hop
    if not frames:
        raise ConfigurationError(
            f"`waveform` must hold at least {HOP_S} s = {hop} samples, but got {len(waveform)}"
        )
    power = np.empty(frames)
    for first in range(0, frames, BLOCK_FRAMES):
        last = min(first + BLOCK_FRAMES, frames)
        power[first:last] = _measure_power(waveform[first * hop : last * hop], hop)
    scale = PCM16_SCALE**-2 if waveform.dtype == np.int16 else 1.0
    power *= scale / hop
    levels: npt.NDArray[np.float64] = 10 * np.log10(
        np.maximum(_smooth(power), 10 ** (LOWEST_DBFS / 10))
    )
    return levels


def hold(levels: npt.NDArray[np.float64], frames: int) -> npt.NDArray[np.float64]:
    """Return the level that each ``frames`` frames on end reach or exceed, ``(F − frames + 1,)``.

    Args:
        levels: Levels ``(F,)``.
        frames: 1 … F.

    Example:
        >>> hold(np.array([3.0, 1.0, 2.0, 4.0]), 2).tolist()
        [1.0, 1.0, 2.0]
    """
    count = len(levels) - frames + 1
    held = levels[:count].copy()
    for shift in range(1, frames):
        np.minimum(held, levels[shift : shift + count], out=held)
    return held


def _measure_power(samples: Waveform, hop: int) -> npt.NDArray[np.float32]:
    """Return the sum of squares of each frame without its trend."""
    blocks = np.asarray(samples, dtype=np.float32).reshape(-1, hop)
    trend = blocks @ _trend_basis(hop)
    power: npt.NDArray[np.float32] = np.einsum("fs,fs->f", blocks, blocks)
    power -= np.einsum("fk,fk->f", trend, trend)
    return np.maximum(power, np.float32(0), out=power)


@lru_cache(maxsize=16)
def _trend_basis(hop: int) -> npt.NDArray[np.float32]:
    """Return orthonormal polynomials over a frame, ``(hop, degree + 1)``."""
    time = np.linspace(-1, 1, hop)
    basis, _ = np.linalg.qr(np.vander(time, min(TREND_DEGREE + 1, hop)))
    return basis.astype(np.float32)


def _smooth(power: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the mean of each frame and its neighbours, fewer at the ends."""
    total, count = power.copy(), np.ones(len(power))
    for shift in range(1, WINDOW_HOPS // 2 + 1):
        total[shift:] += power[:-shift]
        total[:-shift] += power[shift:]
        count[shift:] += 1
        count[:-shift] += 1
    total /= count
    return total
