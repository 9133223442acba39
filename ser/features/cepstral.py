"""Mel-frequency cepstral coefficients: the shape of the spectrum in few numbers."""

from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
import scipy.fft

from ser.audio.pcm import Waveform
from ser.features.record import Block, FeatureSet, Parameter, check_ranges
from ser.features.spectral import LogMel


@dataclass(frozen=True)
class Mfcc(FeatureSet):
    """Compute cepstral coefficients of many clips, with their slopes over time.

    The orthonormal DCT-II of each frame of `LogMel`, cut after ``coefficients`` numbers; frames
    lie where those of `LogMel` lie. Behind them come the deltas, each the slope of a line
    through ``2 · reach + 1`` frames (the first and last frame repeat beyond the ends), and the
    deltas of the deltas.

    Args:
        sample_rate: Rate of the waveforms, Hz.
        coefficients: Numbers kept of each frame's cepstrum, the first of which is its level.
        deltas: How often slopes are taken: 0 … 2.
        reach: Frames on either side that a slope is fitted to.
        mels: Mel bands under the cepstrum.
        n_fft: Window and transform length, samples, even.
        hop: Samples between frames, at most ``n_fft``.
        floor: Power added before the logarithm, > 0.
        f_min: Lower edge of the first band, Hz.
        f_max: Upper edge of the last band, Hz.

    Raises:
        ConfigurationError: If a parameter lies outside its range.

    Example:
        >>> mfcc = Mfcc(coefficients=13)
        >>> mfcc.bands, mfcc.compute([np.zeros(1000, dtype=np.float32)])[0].shape
        (39, (4, 39))

    Reference:
        S. B. Davis and P. Mermelstein, "Comparison of parametric representations for
        monosyllabic word recognition in continuously spoken sentences", IEEE Trans. ASSP
        28(4), 1980. Deltas: S. Furui, "Speaker-independent isolated word recognition using
        dynamic features of speech spectrum", IEEE Trans. ASSP 34(1), 1986.
    """

    sample_rate: int = 16000
    coefficients: int = 20
    deltas: int = 2
    reach: int = 2
    mels: int = 64
    n_fft: int = 512
    hop: int = 256
    floor: float = 1e-6
    f_min: float = 20.0
    f_max: float = 8000.0

    def __post_init__(self) -> None:
        """Refuse parameters that cannot give a cepstrum."""
        check_ranges(
            self,
            {
                "coefficients": (0 < self.coefficients <= self.mels, f"in 1 … mels = {self.mels}"),
                "deltas": (self.deltas in (0, 1, 2), "0, 1 or 2"),
                "reach": (self.reach > 0, "> 0"),
                "mels": (self.mels > 0, "> 0"),
            },
        )
        _ = self.log_mel

    @property
    def bands(self) -> int:
        """D, the numbers in each frame."""
        return self.coefficients * (1 + self.deltas)

    @property
    def parameters(self) -> dict[str, Parameter]:
        """Everything the values depend on, ready for JSON."""
        return {
            "kind": "mfcc",
            **asdict(self),
            "mel_scale": "htk",
            "window": "hann_periodic",
            "padding": "centred_zeros",
            "transform": "dct_2_orthonormal",
        }

    @cached_property
    def log_mel(self) -> LogMel:
        """The spectrogram under the cepstrum."""
        return LogMel(
            self.sample_rate,
            self.mels,
            self.n_fft,
            self.hop,
            self.floor,
            self.f_min,
            self.f_max,
        )

    def count_frames(self, samples: int) -> int:
        """Return the number of frames of a clip of ``samples`` samples."""
        return self.log_mel.count_frames(samples)

    def _fill(self, waveform: Waveform, block: Block) -> None:
        spectrogram = self.log_mel.compute([waveform])[0]
        cepstrum = scipy.fft.dct(spectrogram, type=2, norm="ortho", axis=1, overwrite_x=True)
        width = self.coefficients
        block[:, :width] = cepstrum[:, :width]
        for order in range(1, self.deltas + 1):
            before = block[:, (order - 1) * width : order * width]
            block[:, order * width : (order + 1) * width] = slopes(before, self.reach)


def slopes(frames: Block, reach: int) -> Block:
    """Return how fast each number changes per frame, by a line through its neighbours.

    ``Σ_n n · (x[t + n] − x[t − n]) / (2 Σ_n n²)`` for n = 1 … ``reach``; the first and the last
    frame repeat beyond the ends.

    Args:
        frames: ``(F, D)``.
        reach: Frames on either side.

    Example:
        >>> slopes(np.array([[0], [3], [6], [9], [12]], np.float32), 1)[:, 0].tolist()
        [1.5, 3.0, 3.0, 3.0, 1.5]
    """
    count = len(frames)
    padded = np.pad(frames, ((reach, reach), (0, 0)), mode="edge")
    total = np.zeros_like(frames)
    for distance in range(1, reach + 1):
        later = padded[reach + distance : reach + distance + count]
        earlier = padded[reach - distance : reach - distance + count]
        total += np.float32(distance) * (later - earlier)
    total /= np.float32(reach * (reach + 1) * (2 * reach + 1) / 3)
    return total
