"""Log-mel spectrogram: the energy of speech over time and perceived pitch."""

from dataclasses import asdict, dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.sparse

from ser.audio.pcm import PCM16_SCALE, Waveform
from ser.errors import ConfigurationError
from ser.features.mel import mel_filters
from ser.features.record import (
    Block,
    FeatureSet,
    Parameter,
    check_ranges,
    cut_frames,
)

# Arrays below 128 KiB, from which malloc asks the system for fresh pages: those cost twice as
# much as the transform itself (measured: 0.32 ms per clip of 2.3 s in blocks, 0.53 ms whole).
BLOCK_BYTES = 120_000


@dataclass(frozen=True)
class LogMel(FeatureSet):
    """Compute ``log(power mel spectrum + floor)`` of many clips.

    Frame ``t`` of a clip is centred on sample ``t · hop``: samples before the start and after
    the end count as zeros, so S samples give ``1 + S // hop`` frames, and even the shortest
    clip gives one. Hann window (periodic) of ``n_fft`` samples, HTK mel scale, triangles of
    height 1. Each clip is computed by itself, so its frames are the same, bit for bit, whatever
    its batch mates are.

    Args:
        sample_rate: Rate of the waveforms, Hz.
        bands: D, the number of mel bands.
        n_fft: Window and transform length, samples, even.
        hop: Samples between frames, at most ``n_fft``; 160 is 10 ms at 16 kHz, 256 is 16 ms.
        floor: Power added before the logarithm, > 0; 1e-6 is about 18 dB above the rounding
            noise of 16-bit audio, so digital silence and near silence look alike.
        f_min: Lower edge of the first band, Hz.
        f_max: Upper edge of the last band, Hz, at most half of ``sample_rate``.

    Raises:
        ConfigurationError: If a parameter lies outside its range, or if a band is so narrow
            that no frequency bin falls into it.

    Example:
        >>> silence = np.zeros(16000, dtype=np.float32)
        >>> features = LogMel().compute([silence, silence[:100]])
        >>> features.lengths.tolist(), features.bands
        ([63, 1], 64)
        >>> round(float(features[0].max()), 2)
        -13.82
        >>> LogMel().feature_set == LogMel(hop=256).feature_set
        True
        >>> LogMel().feature_set == LogMel(hop=160).feature_set
        False

    Reference:
        S. B. Davis and P. Mermelstein, "Comparison of parametric representations for
        monosyllabic word recognition in continuously spoken sentences", IEEE Trans. ASSP
        28(4), 1980. https://doi.org/10.1109/TASSP.1980.1163420
    """

    sample_rate: int = 16000
    bands: int = 64
    n_fft: int = 512
    hop: int = 256
    floor: float = 1e-6
    f_min: float = 20.0
    f_max: float = 8000.0

    def __post_init__(self) -> None:
        """Refuse parameters that cannot give a meaningful spectrogram."""
        _check_parameters(self)

    @property
    def parameters(self) -> dict[str, Parameter]:
        """Everything the values depend on, ready for JSON."""
        return {
            "kind": "log_mel",
            **asdict(self),
            "mel_scale": "htk",
            "window": "hann_periodic",
            "padding": "centred_zeros",
        }

    @property
    def filters(self) -> npt.NDArray[np.float32]:
        """The mel filters, ``(n_fft // 2 + 1, bands)``."""
        return _filters(self).T.toarray()  # type: ignore[no-any-return]

    def count_frames(self, samples: int) -> int:
        """Return the number of frames of a clip of ``samples`` samples."""
        return 1 + samples // self.hop

    def _fill(self, waveform: Waveform, block: Block) -> None:
        window = _window(self.n_fft, 1 / PCM16_SCALE if waveform.dtype == np.int16 else 1.0)
        at_once = max(8, BLOCK_BYTES // (4 * self.n_fft + 8))
        for first in range(0, len(block), at_once):
            part = block[first : first + at_once]
            frames = cut_frames(waveform, self.n_fft, self.hop, first=first, count=len(part))
            spectrum = scipy.fft.rfft(frames * window)
            power = np.square(spectrum.real)
            power += np.square(spectrum.imag)
            # A sparse product: a bin lies in two bands at most. It also adds in one fixed order,
            # where a BLAS adds in an order that depends on the shape and on its threads.
            energy = _filters(self) @ power.T
            energy += np.float32(self.floor)
            np.log(energy.T, out=part)


@lru_cache(maxsize=8)
def _window(n_fft: int, scale: float) -> Block:
    # Scaling by 2^-15 is exact, so the window may carry it instead of every sample.
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    return (hann * scale).astype(np.float32)


@lru_cache(maxsize=8)
def _filters(settings: LogMel) -> scipy.sparse.csr_matrix:
    """Return the mel filters, ``(bands, n_fft // 2 + 1)``."""
    filters = mel_filters(
        sample_rate=settings.sample_rate,
        n_fft=settings.n_fft,
        bands=settings.bands,
        f_min=settings.f_min,
        f_max=settings.f_max,
    )
    return scipy.sparse.csr_matrix(filters.T)


def _check_parameters(settings: LogMel) -> None:
    check_ranges(
        settings,
        {
            "sample_rate": (settings.sample_rate > 0, "> 0"),
            "bands": (settings.bands > 0, "> 0"),
            "n_fft": (settings.n_fft > 0 and settings.n_fft % 2 == 0, "even and > 0"),
            "hop": (0 < settings.hop <= settings.n_fft, "in 1 … n_fft"),
            "floor": (settings.floor > 0, "> 0"),
            "f_min": (0 <= settings.f_min < settings.f_max, "in [0, f_max)"),
            "f_max": (settings.f_max <= settings.sample_rate / 2, "at most sample_rate / 2"),
        },
    )
    if (_filters(settings).max(axis=1).toarray() == 0).any():
        raise ConfigurationError(
            f"`bands` = {settings.bands} leaves a band without a frequency bin at n_fft = "
            f"{settings.n_fft}; use fewer bands or a longer n_fft"
        )
