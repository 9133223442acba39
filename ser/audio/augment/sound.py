"""Apply what was drawn for a batch to its waveforms."""

import torch
from torch import Tensor

from ser.audio.augment.channel import band_limit, mu_law
from ser.audio.augment.noise import NoiseBank, add_noise
from ser.audio.augment.record import Draw
from ser.errors import ConfigurationError


def augment_waveforms(
    waveforms: Tensor, lengths: Tensor, draw: Draw, *, sample_rate: int, noises: NoiseBank
) -> Tensor:
    """Return a batch with noise, band limit, gain and codec applied, in this order.

    Args:
        waveforms: float32 ``(B, S)`` in [−1, 1], padded with zeros at the end.
        lengths: True samples of each clip, ``(B,)``.
        draw: What happens to each clip, `draw_effects`.
        sample_rate: Hz.
        noises: Noises of samples, ``(M,)``.

    Returns:
        ``(B, S)``. Clips to which nothing happens are equal to what they were; a gain may lead
        beyond [−1, 1].

    Raises:
        ConfigurationError: If the shapes do not fit.

    Example:
        >>> from ser.audio.augment.noise import make_noise
        >>> from ser.audio.augment.record import Augmentation, draw_effects
        >>> generator = torch.Generator().manual_seed(0)
        >>> bank = NoiseBank.join([make_noise("white", 1000, 16000, generator)])
        >>> draw = draw_effects(Augmentation(noise=1.0), 1, generator)
        >>> batch = torch.ones(1, 500), torch.tensor([500])
        >>> augment_waveforms(*batch, draw, sample_rate=16000, noises=bank).shape
        torch.Size([1, 500])
    """
    if waveforms.ndim != 2 or not (waveforms.shape[:1] == lengths.shape == draw.snr_db.shape):
        raise ConfigurationError(
            "`waveforms` must be (B, S) with `lengths` and draws (B,), but got "
            f"{tuple(waveforms.shape)}, {tuple(lengths.shape)} and {tuple(draw.snr_db.shape)}"
        )
    changed = waveforms.clone()
    noisy = draw.snr_db.isfinite().nonzero()[:, 0]
    if len(noisy):
        parts = noises.take(draw.noise[noisy], waveforms.shape[1])
        changed[noisy] = add_noise(waveforms[noisy], lengths[noisy], parts, draw.snr_db[noisy])
    limited = ((draw.low_hz > 0) | draw.high_hz.isfinite()).nonzero()[:, 0]
    if len(limited):
        edges = draw.low_hz[limited], draw.high_hz[limited]
        changed[limited] = band_limit(changed[limited], sample_rate, *edges)
    changed *= 10 ** (draw.gain_db / 20)[:, None]
    coded = draw.mu_law.nonzero()[:, 0]
    if len(coded):
        changed[coded] = mu_law(changed[coded])
    is_real = torch.arange(waveforms.shape[1]) < lengths[:, None]
    return torch.where(is_real, changed, waveforms)
