"""Waveforms as 16-bit integers: how they are stored."""

import numpy as np
import numpy.typing as npt

PCM16_SCALE = 32768.0  # int16 counts at full scale

Waveform = npt.NDArray[np.float32] | npt.NDArray[np.int16]


def to_pcm16(waveform: Waveform) -> npt.NDArray[np.int16]:
    """Round a waveform to 16 bits; what lies outside [−1, 1) is clipped.

    Args:
        waveform: Finite float32 samples of any shape, or int16, which comes back as it is.

    Returns:
        Little-endian int16 of the same shape. 16-bit audio decoded to float comes back as it was.

    Example:
        >>> to_pcm16(np.array([0.0, 0.5, -2.0], dtype=np.float32)).tolist()
        [0, 16384, -32768]
    """
    if waveform.dtype == np.int16:
        return waveform.astype("<i2", copy=False)
    counts = np.multiply(waveform, np.float32(PCM16_SCALE))
    np.rint(counts, out=counts)
    np.clip(counts, -32768, 32767, out=counts)
    return counts.astype("<i2")


def from_pcm16(samples: Waveform) -> npt.NDArray[np.float32]:
    """Return 16-bit samples as float32 in [−1, 1), exactly; float32 comes back as it is.

    Args:
        samples: Int16 samples of any shape, from storage ``np.frombuffer(pcm16, "<i2")``; or
            float32 already.

    Example:
        >>> from_pcm16(np.array([16384, -32768], dtype=np.int16)).tolist()
        [0.5, -1.0]
    """
    if samples.dtype == np.float32:
        return samples.astype(np.float32, copy=False)
    return samples.astype(np.float32) * np.float32(1 / PCM16_SCALE)
