"""Vary training data: speaking speed of waveforms, masks on features."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import torch

from ser.audio.pcm import Waveform, from_pcm16
from ser.audio.resample import resample
from ser.errors import ConfigurationError

LARGEST_TERM = 100  # keeps the resampling kernel small: 0.9 is 9/10, 1.05 is 21/20


def speed_perturb(waveforms: Sequence[Waveform], factor: float) -> list[npt.NDArray[np.float32]]:
    """Return the waveforms played faster or slower, pitch and formants moving along.

    Args:
        waveforms: Mono ``(S,)`` arrays, float32 in [−1, 1] or int16.
        factor: Speed, 0.5 … 2; 1.1 is a tenth faster. Taken as the nearest fraction with a
            denominator of at most 100.

    Returns:
        Float32 arrays of ``ceil(S / factor)`` samples, at the same sample rate.

    Raises:
        ConfigurationError: If ``factor`` lies outside 0.5 … 2.

    Example:
        >>> [len(faster) for faster in speed_perturb([np.zeros(1100, dtype=np.float32)], 1.1)]
        [1000]

    Reference:
        T. Ko, V. Peddinti, D. Povey, S. Khudanpur, "Audio augmentation for speech recognition",
        Interspeech 2015.
    """
    if not 0.5 <= factor <= 2:
        raise ConfigurationError(f"`factor` must lie in 0.5 … 2, but got {factor}")
    speed = Fraction(factor).limit_denominator(LARGEST_TERM)
    return [resample(from_pcm16(w), speed.numerator, speed.denominator) for w in waveforms]


def spec_augment(
    features: torch.Tensor,
    lengths: torch.Tensor,
    generator: torch.Generator,
    *,
    time_masks: int = 2,
    max_frames: int = 40,
    max_time_share: float = 0.2,
    band_masks: int = 2,
    max_bands: int = 8,
    fill: float = 0.0,
) -> torch.Tensor:
    """Return a copy of a batch with random stretches of time and bands of pitch blanked.

    Every clip draws its own masks: a width uniform in 0 … the largest allowed, then a place
    uniform among those where the whole mask fits into the clip's true length.

    Args:
        features: ``(B, F, D)``, padded at the end.
        lengths: True frames of each clip, integer ``(B,)``, at most F.
        generator: Source of all randomness; its device may differ from that of ``features``.
        time_masks: Time masks per clip, ≥ 0.
        max_frames: Largest time mask, frames.
        max_time_share: Largest time mask as a share of the clip's length, 0 … 1.
        band_masks: Band masks per clip, ≥ 0.
        max_bands: Largest band mask, bands, at most D.
        fill: Value written under the masks; 0 is the mean of standardised features.

    Returns:
        ``(B, F, D)``; padding is untouched.

    Raises:
        ConfigurationError: If shapes or ranges do not fit.

    Example:
        >>> batch, lengths = torch.ones(2, 50, 8), torch.tensor([50, 20])
        >>> masked = spec_augment(batch, lengths, torch.Generator().manual_seed(1), max_bands=2)
        >>> masked.shape, bool((masked[1, 20:] == 1).all()), bool((masked == 0).any())
        (torch.Size([2, 50, 8]), True, True)

    Reference:
        D. S. Park et al., "SpecAugment: a simple data augmentation method for automatic speech
        recognition", Interspeech 2019. https://doi.org/10.21437/Interspeech.2019-2680
    """
    _check_masks(features, lengths, (time_masks, max_frames, band_masks, max_bands), max_time_share)
    batch, frames, bands = features.shape
    lengths = lengths.to(features.device)
    widest = (lengths * max_time_share).floor().clamp(max=max_frames)
    in_time = _draw_masks(time_masks, frames, lengths, widest, generator)
    all_bands = torch.full((batch,), bands, device=features.device)
    widest = torch.full((batch,), max_bands, device=features.device)
    in_bands = _draw_masks(band_masks, bands, all_bands, widest, generator)
    is_real = torch.arange(frames, device=features.device) < lengths[:, None]
    masked = in_time[:, :, None] | (in_bands[:, None, :] & is_real[:, :, None])
    return features.masked_fill(masked, fill)


def _draw_masks(
    masks: int,
    size: int,
    lengths: torch.Tensor,
    widest: torch.Tensor,
    generator: torch.Generator,
) -> torch.Tensor:
    """Return a boolean ``(B, size)`` mask, the union of ``masks`` random stretches per row."""
    shape = (2, len(lengths), masks)
    # float64, or a draw just below 1 could round up to the excluded end.
    uniform = torch.rand(shape, generator=generator, device=generator.device, dtype=torch.float64)
    uniform = uniform.to(lengths.device)
    width = (uniform[0] * (widest[:, None] + 1)).floor()
    start = (uniform[1] * (lengths[:, None] - width + 1)).floor()
    position = torch.arange(size, device=lengths.device)
    inside = (position >= start[..., None]) & (position < (start + width)[..., None])
    return inside.any(dim=1)


def _check_masks(
    features: torch.Tensor,
    lengths: torch.Tensor,
    counts: tuple[int, int, int, int],
    max_time_share: float,
) -> None:
    if features.ndim != 3 or lengths.shape != features.shape[:1]:
        raise ConfigurationError(
            "`features` must be (B, F, D) with `lengths` (B,), but got "
            f"{tuple(features.shape)} and {tuple(lengths.shape)}"
        )
    if min(counts) < 0 or counts[-1] > features.shape[2] or not 0 <= max_time_share <= 1:
        raise ConfigurationError(
            "`time_masks`, `max_frames`, `band_masks`, `max_bands` must be ≥ 0, `max_bands` ≤ "
            f"D = {features.shape[2]} and `max_time_share` in 0 … 1, but got {counts} and "
            f"{max_time_share}"
        )
