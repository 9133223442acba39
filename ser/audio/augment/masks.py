"""Blank stretches of time and bands of pitch in a batch of features."""

import torch

from ser.audio.augment.record import Augmentation
from ser.errors import ConfigurationError


def mask_clips(
    features: torch.Tensor,
    lengths: torch.Tensor,
    settings: Augmentation,
    generator: torch.Generator,
) -> torch.Tensor:
    """Return a batch in which some clips are masked, as often as the settings say.

    Args:
        features: Standardised features, ``(B, F, D)``, padded at the end.
        lengths: True frames of each clip, integer ``(B,)``.
        settings: `masks`, `masked_time_share` and `masked_band_share`.
        generator: Source of all randomness; left alone when nothing is ever masked.

    Example:
        >>> batch, lengths = torch.ones(1, 50, 8), torch.tensor([50])
        >>> mask_clips(batch, lengths, Augmentation(), torch.Generator()) is batch
        True
    """
    if settings.masks == 0:
        return features
    is_masked = torch.rand(len(lengths), generator=generator) < settings.masks
    masked = spec_augment(
        features,
        lengths,
        generator,
        max_time_share=settings.masked_time_share,
        max_bands=round(settings.masked_band_share * features.shape[2]),
    )
    return torch.where(is_masked[:, None, None], masked, features)


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
