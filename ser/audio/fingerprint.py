"""Acoustic fingerprint: words of bits that stay the same when audio is louder or re-encoded."""

import numpy as np
import numpy.typing as npt
import scipy.fft

from ser.audio.pcm import Waveform, from_pcm16, to_pcm16
from ser.audio.resample import resample

SAMPLE_RATE = 16000  # of the audio looked at, Hz; anything else is resampled first
DECIMATION = 4
# Low-pass at 1.8 kHz, −42 dB at 3.7 kHz. Whole numbers: with 16-bit samples every product and sum
# is below 2^24 and thus exact in float32, in whatever order a BLAS adds, on any machine.
LOW_PASS = np.array([[11, 35, 67, 89], [89, 67, 35, 11]], np.float32)
WINDOW = 256  # 64 ms at 4 kHz: bins of 15.6 Hz
HOP = 96  # 24 ms: a start anywhere between two hops is 12 ms off at most
FIRST_BIN, BINS_PER_BAND, BANDS = 19, 3, 33  # 297 … 1844 Hz, which telephones and codecs keep
SPAN = 8  # frames whose energy is summed, and how far the two sums compared lie apart: 192 ms
QUIET = 10**-2.5  # 25 dB below the loudest sum of the clip noise would decide the bits
STEADY = 0.03  # share of the energy that moves; in speech it is above 0.08, rounding is below

_HANN = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)


def fingerprint(waveform: Waveform, sample_rate: int) -> npt.NDArray[np.uint32]:
    """Return one word of 32 bits for every 24 ms of a clip.

    With E(n, m) the energy of band m summed over 8 frames from frame n on, bit m of word n is::

        E(n+8, m+1) − E(n+8, m) > E(n, m+1) − E(n, m)

    Bits do not depend on gain, hardly on offset, codec, sample rate or light noise, and a start
    between two hops changes few of them, because each rests on 0.4 s of sound. Words that say
    nothing about the sound, where it is 25 dB below the clip's loudest part or does not change
    over time, are 0 and count as unknown.

    Args:
        waveform: Mono ``(S,)``, int16, or float32 in [−1, 1].
        sample_rate: Hz; other rates than 16,000 Hz are resampled to it.

    Returns:
        Words ``(W,)``; W is 0 for clips shorter than 0.43 s. The same audio gives the same words
        in any process.

    Example:
        >>> noise = np.random.default_rng(0).normal(size=16000).astype(np.float32)
        >>> words = fingerprint(0.1 * noise, 16000)
        >>> len(words), bool((words == fingerprint(0.2 * noise, 16000)).mean() > 0.9)
        (24, True)
        >>> len(fingerprint(noise[:5000], 16000))
        0

    Reference:
        J. Haitsma and T. Kalker, "A highly robust audio fingerprinting system", ISMIR 2002.
    """
    energies = _measure_energies(_decimate(resample(waveform, sample_rate, SAMPLE_RATE)))
    if len(energies) <= SPAN:
        return np.empty(0, np.uint32)
    slopes = np.diff(energies, axis=1)
    changes = slopes[SPAN:] - slopes[:-SPAN]
    words: npt.NDArray[np.uint32] = (
        np.packbits(changes > 0, axis=1, bitorder="little").view("<u4")[:, 0].astype(np.uint32)
    )
    loudness = energies.sum(axis=1)
    louder = np.maximum(loudness[SPAN:], loudness[:-SPAN])
    is_unknown = louder <= QUIET * louder.max()
    is_unknown |= np.abs(changes).sum(axis=1) <= STEADY * louder
    words[is_unknown] = 0
    return words


def _decimate(waveform: Waveform) -> npt.NDArray[np.float32]:
    """Return the audio at 4 kHz, a quarter of the samples less one."""
    samples = waveform if waveform.dtype == np.int16 else to_pcm16(from_pcm16(waveform))
    rows = len(samples) // DECIMATION
    blocks = samples[: rows * DECIMATION].astype(np.float32).reshape(rows, DECIMATION)
    lower: npt.NDArray[np.float32] = blocks[:-1] @ LOW_PASS[0]
    lower += blocks[1:] @ LOW_PASS[1]
    return lower


def _measure_energies(lower: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return the energy of each band over `SPAN` frames, ``(frames − SPAN + 1, BANDS)``."""
    if len(lower) < WINDOW:
        return np.empty((0, BANDS))
    frames = np.lib.stride_tricks.sliding_window_view(lower, WINDOW)[::HOP] * _HANN
    last_bin = FIRST_BIN + BANDS * BINS_PER_BAND
    spectrum = scipy.fft.rfft(frames, overwrite_x=True)[:, FIRST_BIN:last_bin]
    power = np.square(spectrum.real)
    power += np.square(spectrum.imag)
    bands = power[:, 0::BINS_PER_BAND] + power[:, 1::BINS_PER_BAND]
    bands += power[:, 2::BINS_PER_BAND]
    sums = np.zeros((len(bands) + 1, BANDS))
    np.cumsum(bands, axis=0, out=sums[1:])
    energies: npt.NDArray[np.float64] = sums[SPAN:] - sums[:-SPAN]
    return energies
