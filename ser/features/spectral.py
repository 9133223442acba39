"""Log-mel spectrogram: the energy of speech over time and perceived pitch."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import torch
import torchaudio

from ser.audio.pcm import PCM16_SCALE, Waveform
from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures

HASH_DIGITS = 12  # 48 bits: no clash among any number of settings people will try


@dataclass(frozen=True)
class LogMel:
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
        hop: Samples between frames, 160 (10 ms at 16 kHz) or 256 (16 ms).
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

    Reference:
        S. B. Davis and P. Mermelstein, "Comparison of parametric representations for
        monosyllabic word recognition in continuously spoken sentences", IEEE Trans. ASSP
        28(4), 1980. https://doi.org/10.1109/TASSP.1980.1163420
    """

    sample_rate: int = 16000
    bands: int = 64
    n_fft: int = 512
    hop: Literal[160, 256] = 256
    floor: float = 1e-6
    f_min: float = 20.0
    f_max: float = 8000.0

    def __post_init__(self) -> None:
        """Refuse parameters that cannot give a meaningful spectrogram."""
        _check_parameters(self)

    @property
    def parameters(self) -> dict[str, int | float | str]:
        """Everything the values depend on, ready for JSON."""
        return {
            "kind": "log_mel",
            **asdict(self),
            "mel_scale": "htk",
            "window": "hann_periodic",
            "padding": "centred_zeros",
        }

    @property
    def feature_set(self) -> str:
        """Name of this parameter set, ``log_mel-`` and a hash of `parameters`.

        Example:
            >>> LogMel().feature_set == LogMel(hop=256).feature_set
            True
            >>> LogMel().feature_set == LogMel(hop=160).feature_set
            False
        """
        canonical = json.dumps(self.parameters, sort_keys=True, separators=(",", ":"))
        return f"log_mel-{hashlib.sha256(canonical.encode()).hexdigest()[:HASH_DIGITS]}"

    def count_frames(self, samples: int) -> int:
        """Return the number of frames of a clip of ``samples`` samples."""
        return 1 + samples // self.hop

    def compute(self, waveforms: Sequence[Waveform]) -> RaggedFeatures:
        """Return the log-mel frames of each clip.

        Args:
            waveforms: One mono ``(S,)`` array per clip, S ≥ 1: float32 in [−1, 1], or int16,
                which is divided by 32768.

        Returns:
            One ``(1 + S // hop, bands)`` block per clip, natural logarithm of power.

        Raises:
            ConfigurationError: If a waveform is not 1-D, is empty, has another dtype, or holds
                NaN or infinity.
        """
        for position, waveform in enumerate(waveforms):
            _check_waveform(waveform, position)
        frames = np.array([self.count_frames(len(w)) for w in waveforms], dtype=np.int64)
        values = np.empty((int(frames.sum()), self.bands), dtype=np.float32)
        features = RaggedFeatures.from_flat(values, frames, self.bands)
        with torch.inference_mode():
            for waveform, block in zip(waveforms, features, strict=True):
                self._fill(waveform, torch.from_numpy(block))
        return features

    def _fill(self, waveform: Waveform, block: torch.Tensor) -> None:
        half = self.n_fft // 2
        padded = torch.zeros(len(waveform) + self.n_fft)
        padded[half : half + len(waveform)] = torch.from_numpy(waveform)
        window = _window(self.n_fft, 1 / PCM16_SCALE if waveform.dtype == np.int16 else 1.0)
        windowed = padded.unfold(0, self.n_fft, self.hop) * window
        spectrum = torch.fft.rfft(windowed)
        # Four times faster than abs().square() and than a sum over the pair (torch 2.14, CPU).
        power = spectrum.real.square().add_(spectrum.imag.square())
        torch.mm(power, _mel_filters(self), out=block)
        block.add_(self.floor).log_()


@lru_cache(maxsize=8)
def _window(n_fft: int, scale: float) -> torch.Tensor:
    # Scaling by 2^-15 is exact, so the window may carry it instead of every sample.
    return torch.hann_window(n_fft) * scale


@lru_cache(maxsize=8)
def _mel_filters(settings: LogMel) -> torch.Tensor:
    filters: torch.Tensor = torchaudio.functional.melscale_fbanks(
        n_freqs=settings.n_fft // 2 + 1,
        f_min=settings.f_min,
        f_max=settings.f_max,
        n_mels=settings.bands,
        sample_rate=settings.sample_rate,
        mel_scale="htk",
    )
    return filters


def _check_waveform(waveform: Waveform, position: int) -> None:
    if waveform.dtype not in (np.float32, np.int16) or waveform.ndim != 1 or not waveform.size:
        raise ConfigurationError(
            f"`waveforms[{position}]` must be float32 or int16 with the shape (S,), S ≥ 1, but "
            f"is {waveform.dtype} {waveform.shape}"
        )
    if waveform.dtype == np.float32 and not np.isfinite(waveform).all():
        raise ConfigurationError(
            f"`waveforms[{position}]` must be finite, but holds NaN or infinity"
        )


def _check_parameters(settings: LogMel) -> None:
    checks = {
        "sample_rate": (settings.sample_rate > 0, "> 0"),
        "bands": (settings.bands > 0, "> 0"),
        "n_fft": (settings.n_fft > 0 and settings.n_fft % 2 == 0, "even and > 0"),
        "hop": (settings.hop in (160, 256), "160 or 256"),
        "floor": (settings.floor > 0, "> 0"),
        "f_min": (0 <= settings.f_min < settings.f_max, "in [0, f_max)"),
        "f_max": (settings.f_max <= settings.sample_rate / 2, "at most sample_rate / 2"),
    }
    for name, (holds, expected) in checks.items():
        if not holds:
            raise ConfigurationError(
                f"`{name}` must be {expected}, but got {getattr(settings, name)}"
            )
    if (_mel_filters(settings).amax(dim=0) == 0).any():
        raise ConfigurationError(
            f"`bands` = {settings.bands} leaves a band without a frequency bin at n_fft = "
            f"{settings.n_fft}; use fewer bands or a longer n_fft"
        )
