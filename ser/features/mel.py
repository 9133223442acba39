"""The mel scale: triangles that sum the bins of a power spectrum into bands of pitch."""

import numpy as np
import numpy.typing as npt

MEL_FACTOR = 2595.0  # of the HTK scale: 1000 Hz are 1000 mel
MEL_CORNER_HZ = 700.0


def hz_to_mel(frequency_hz: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return frequencies on the HTK mel scale.

    Example:
        >>> float(hz_to_mel(1000.0).round(1))
        1000.0
    """
    return MEL_FACTOR * np.log10(1 + np.asarray(frequency_hz, np.float64) / MEL_CORNER_HZ)


def mel_to_hz(mel: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return frequencies of the HTK mel scale in Hz, the inverse of `hz_to_mel`.

    Example:
        >>> float(mel_to_hz(hz_to_mel(440.0)).round(6))
        440.0
    """
    return MEL_CORNER_HZ * (10 ** (np.asarray(mel, np.float64) / MEL_FACTOR) - 1)


def mel_filters(
    *, sample_rate: int, n_fft: int, bands: int, f_min: float, f_max: float
) -> npt.NDArray[np.float32]:
    """Return triangles of height 1 whose centres are evenly spaced on the HTK mel scale.

    Each triangle rises from its left neighbour's centre and falls to its right neighbour's, so
    that between the first and the last centre the weights of every bin sum to 1.

    Args:
        sample_rate: Hz.
        n_fft: Length of the transform, samples.
        bands: D.
        f_min: Lower edge of the first band, Hz.
        f_max: Upper edge of the last band, Hz.

    Returns:
        Weights, float32 ``(n_fft // 2 + 1, D)``; a column of zeros where a band lies between
        two bins.

    Example:
        >>> mel_filters(sample_rate=8, n_fft=8, bands=1, f_min=0.0, f_max=4.0).T.round(2).tolist()
        [[0.0, 0.5, 1.0, 0.5, 0.0]]

    Reference:
        S. Young et al., "The HTK Book", section 5.4, Cambridge University, 2006.
    """
    edges = mel_to_hz(np.linspace(hz_to_mel(f_min), hz_to_mel(f_max), bands + 2))
    bins = np.linspace(0, sample_rate / 2, n_fft // 2 + 1)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.clip(np.minimum(rising, falling), 0, None).astype(np.float32)
