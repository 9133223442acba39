"""Other voices from the same sound: bands stretched as a longer or shorter vocal tract does."""

import torch

from ser.audio.augment.record import Augmentation


def warp_clips(
    features: torch.Tensor, settings: Augmentation, generator: torch.Generator
) -> torch.Tensor:
    """Return a batch in which the bands of some clips are stretched or squeezed.

    Band k becomes what was at k times a factor on the mel scale, interpolated between its
    neighbours; beyond the last band the last one goes on. The factor is drawn log-uniformly for
    each clip. Padding frames of zeros stay zero.

    Args:
        features: ``(B, F, D)``, bands in the order of their frequency.
        settings: `warp`, how often, and `warp_factors`, how far.
        generator: Source of all randomness; left alone when nothing is ever warped.

    Example:
        >>> settings = Augmentation(warp=1.0, warp_factors=(2.0, 2.0))
        >>> bands = torch.tensor([[[0.0, 1, 2, 3, 4]]])
        >>> warp_clips(bands, settings, torch.Generator()).tolist()
        [[[0.0, 2.0, 4.0, 4.0, 4.0]]]

    Reference:
        N. Jaitly and G. E. Hinton, "Vocal tract length perturbation (VTLP) improves speech
        recognition", ICML workshop on deep learning for audio, speech and language, 2013.
    """
    if settings.warp == 0:
        return features
    uniform = torch.rand((2, len(features)), generator=generator).to(features.device)
    low, high = torch.tensor(settings.warp_factors, dtype=features.dtype).log().tolist()
    factors = (low + (high - low) * uniform[1]).exp()
    factors = torch.where(uniform[0] < settings.warp, factors, 1.0)
    bands = torch.arange(features.shape[2], device=features.device, dtype=features.dtype)
    sources = (bands * factors[:, None]).clamp(max=len(bands) - 1)
    # Linear interpolation as one product: each band is a sum of the two around its source.
    shares = (1 - (bands[:, None] - sources[:, None, :]).abs()).clamp(min=0)
    return features @ shares
