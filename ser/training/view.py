"""From raw features to what a network is shown while it trains: normalised and varied."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from ser.audio.augment.log_mel import LogMelAugmenter
from ser.audio.augment.masks import mask_clips
from ser.audio.augment.record import Augmentation
from ser.audio.augment.warp import warp_clips
from ser.models.normalisation import BandNormalisation


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """Say how clips are changed before a network hears them.

    Args:
        augmentation: Warping and masks, and how often; speed copies are made elsewhere.
        augmenter: What changes the sound, if anything does.
        jitter: Deviation of Gaussian noise on normalised numbers, ≥ 0.
        dropped: Share of normalised numbers set to their mean, in [0, 1).

    Example:
        >>> plain = View()
        >>> clips, lengths = torch.ones(1, 2, 4), torch.tensor([2])
        >>> plain(clips, lengths, BandNormalisation(4), torch.Generator()).tolist()
        [[[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]]]
    """

    augmentation: Augmentation = field(default_factory=Augmentation)
    augmenter: LogMelAugmenter | None = None
    jitter: float = 0.0
    dropped: float = 0.0

    def __call__(
        self,
        features: Tensor,
        lengths: Tensor,
        normalisation: BandNormalisation,
        generator: torch.Generator,
    ) -> Tensor:
        """Return a batch normalised and varied, on the device of ``normalisation``.

        Args:
            features: Raw features on the CPU, ``(B, F, D)``, padded with finite values.
            lengths: True frames of each clip, int64 ``(B,)``.
            normalisation: That of the network.
            generator: Source of all randomness; left alone by what is switched off.

        Returns:
            ``(B, F, D)``.
        """
        if self.augmenter is not None:
            features = self.augmenter(features, lengths, generator)
        device = normalisation.mean.device
        features = normalisation(features.to(device))
        features = warp_clips(features, self.augmentation, generator)
        features = mask_clips(features, lengths.to(device), self.augmentation, generator)
        if self.jitter:
            noise = torch.randn(features.shape, generator=generator).to(device)
            features = features + self.jitter * noise
        if self.dropped:
            uniform = torch.rand(features.shape, generator=generator).to(device)
            features = features * (uniform >= self.dropped)
        return features
