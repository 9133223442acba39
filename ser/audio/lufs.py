"""How loud a waveform sounds, and the same waveform as loud as wanted.

Reference:
    ITU-R BS.1770-5 (2023). Algorithms to measure audio programme loudness and true-peak audio
    level. The filters, given there for 48 kHz, are designed anew for other rates: De Man (2014).
    Evaluation of implementations of the EBU R128 loudness measurement. AES 137, 9121.
"""

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ser.audio.timing import seconds_to_samples
from ser.errors import ConfigurationError

BLOCK_S = 0.4
HOP_S = 0.1
OFFSET_LU = -0.691  # a 997 Hz sine of full scale on one channel is then −3.01 LUFS
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
PEAK_DBFS = -1.0
"""Highest sample that playback may have; what lies between samples may be a little higher."""

# Frequency, quality and gain that give the standard's coefficients at 48 kHz.
_SHELF_HZ, _SHELF_Q, _SHELF_DB = 1681.974450955533, 0.7071752369554196, 3.999843853973347
_HIGH_PASS_HZ, _HIGH_PASS_Q = 38.13547087602444, 0.5003270373238773
_SHELF_BAND = 0.4996667741545416


def loudness_lufs(waveform: npt.NDArray[np.float32], sample_rate: int) -> float:
    """Return the gated loudness of one channel.

    The waveform is filtered as the ear would (K-weighting), its power taken over blocks of 400 ms
    every 100 ms, and averaged over the blocks that are neither silent (−70 LUFS) nor 10 LU below
    the average of the others. One shorter than a block is a block.

    Args:
        waveform: Mono float32 ``(S,)``, S ≥ 1, full scale ±1.
        sample_rate: Hz.

    Returns:
        LUFS; −inf for what is silent throughout.

    Raises:
        ConfigurationError: If the waveform is empty.

    Example:
        >>> tone = np.sin(2 * np.pi * 997 * np.arange(48000) / 48000).astype(np.float32)
        >>> round(loudness_lufs(tone, 48000), 1)
        -3.0
    """
    from scipy.signal import sosfilt  # noqa: PLC0415 - 0.3 s that preparing audio need not pay

    if not waveform.size:
        raise ConfigurationError("`waveform` must hold at least one sample, but is empty")
    heard = sosfilt(k_weighting(sample_rate), waveform.astype(np.float64))
    energy = np.concatenate([[0.0], np.cumsum(np.square(heard))])
    block = min(seconds_to_samples(BLOCK_S, sample_rate), len(waveform))
    starts = np.arange(0, len(waveform) - block + 1, seconds_to_samples(HOP_S, sample_rate))
    power = (energy[starts + block] - energy[starts]) / block
    power = power[power > _power(ABSOLUTE_GATE_LUFS)]
    if not power.size:
        return -math.inf
    gate = power.mean() * 10 ** (RELATIVE_GATE_LU / 10)
    return OFFSET_LU + 10 * math.log10(power[power > gate].mean())


def set_loudness(
    waveform: npt.NDArray[np.float32], sample_rate: int, target_lufs: float
) -> npt.NDArray[np.float32]:
    """Return the waveform with the one gain that gives it a loudness, as far as peaks allow.

    Nothing is compressed or clipped: where the gain would raise the highest sample above
    `PEAK_DBFS`, less is given, and the clip stays quieter than wanted. Silence stays as it is.

    Args:
        waveform: Mono float32 ``(S,)``, S ≥ 1, full scale ±1.
        sample_rate: Hz.
        target_lufs: Loudness wanted, LUFS; EBU R 128 asks broadcasters for −23.

    Returns:
        Float32 ``(S,)``.

    Raises:
        ConfigurationError: If the waveform is empty.

    Example:
        >>> tone = np.sin(2 * np.pi * 997 * np.arange(16000) / 16000).astype(np.float32)
        >>> round(loudness_lufs(set_loudness(0.01 * tone, 16000, -23.0), 16000), 1)
        -23.0
    """
    loudness = loudness_lufs(waveform, sample_rate)
    if loudness == -math.inf:
        return waveform
    highest = 10 ** (PEAK_DBFS / 20) / float(np.abs(waveform).max())
    gain = min(10 ** ((target_lufs - loudness) / 20), highest)
    return waveform * np.float32(gain)


@lru_cache(maxsize=16)
def k_weighting(sample_rate: int) -> npt.NDArray[np.float64]:
    """Return the shelf and the high-pass as second-order sections, ``(2, 6)``.

    Args:
        sample_rate: Hz.
    """
    return np.array([_shelf(sample_rate), _high_pass(sample_rate)])


def _shelf(sample_rate: int) -> list[float]:
    k = math.tan(math.pi * _SHELF_HZ / sample_rate)
    high = 10 ** (_SHELF_DB / 20)
    band = high**_SHELF_BAND
    norm = 1 + k / _SHELF_Q + k * k
    return [
        (high + band * k / _SHELF_Q + k * k) / norm,
        2 * (k * k - high) / norm,
        (high - band * k / _SHELF_Q + k * k) / norm,
        1.0,
        2 * (k * k - 1) / norm,
        (1 - k / _SHELF_Q + k * k) / norm,
    ]


def _high_pass(sample_rate: int) -> list[float]:
    k = math.tan(math.pi * _HIGH_PASS_HZ / sample_rate)
    norm = 1 + k / _HIGH_PASS_Q + k * k
    return [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / norm, (1 - k / _HIGH_PASS_Q + k * k) / norm]


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - OFFSET_LU) / 10))
