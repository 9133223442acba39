"""Normalisation layers that know the true lengths of the clips."""

import torch
from torch import Tensor, nn

from ser.errors import ConfigurationError
from ser.models.masking import zero_padding

SMALLEST_DEVIATION = 1e-3  # nepers of power: a band that never moves is centred, not blown up


class BandNormalisation(nn.Module):
    """Bring each band to mean 0 and deviation 1 with statistics that are fixed beforehand.

    The statistics come from the training clips alone and travel with the model as buffers;
    nothing about the clip at hand or its batch mates enters.

    Args:
        n_bands: D, the numbers in each frame.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, n_bands: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_bands))
        self.register_buffer("deviation", torch.ones(n_bands))

    def set_statistics(self, mean: Tensor, deviation: Tensor) -> None:
        """Take over the statistics of the training frames.

        Args:
            mean: Mean of each band, ``(D,)``.
            deviation: Standard deviation of each band, ``(D,)``, ≥ 0.

        Raises:
            ConfigurationError: If a shape is not ``(D,)``.
        """
        if mean.shape != self.mean.shape or deviation.shape != self.mean.shape:
            raise ConfigurationError(
                f"`mean` and `deviation` must have the shape {tuple(self.mean.shape)}, but got "
                f"{tuple(mean.shape)} and {tuple(deviation.shape)}"
            )
        self.mean.copy_(mean)
        self.deviation.copy_(deviation.clamp(min=SMALLEST_DEVIATION))

    def forward(self, features: Tensor) -> Tensor:
        """Normalise features of the shape ``(…, D)``."""
        return (features - self.mean) / self.deviation

    def undo(self, normalised: Tensor) -> Tensor:
        """Return features ``(…, D)`` as they were before they were normalised."""
        return normalised * self.deviation + self.mean


def centre_clips(features: Tensor, lengths: Tensor) -> Tensor:
    """Take the mean spectrum of each clip off its frames, and leave its mean level.

    Args:
        features: ``(B, F, D)``, any finite values on padded frames.
        lengths: Frames of each clip, int ``(B,)``, at least 1.

    Returns:
        ``(B, F, D)``.

    Example:
        >>> clip = torch.tensor([[[0.0, 4.0], [2.0, 6.0], [9.0, 9.0]]])
        >>> centre_clips(clip, torch.tensor([2]))[0, :2].tolist()
        [[2.0, 2.0], [4.0, 4.0]]

    Reference:
        B. S. Atal, "Effectiveness of linear prediction characteristics of the speech wave for
        automatic speaker identification and verification", JASA 55(6), 1974 (mean subtraction).
    """
    spectrum = zero_padding(features, lengths).sum(dim=1) / lengths[:, None]
    return features - (spectrum - spectrum.mean(dim=1, keepdim=True))[:, None]


class MaskedBatchNorm(nn.Module):
    """Batch normalisation over real frames only, for maps of the shape ``(B, C, F, D)``.

    In training the statistics of a batch leave its padding out, so that they do not depend on
    how long the longest clip is. In evaluation the running statistics apply, and each clip is
    independent of its batch mates.

    Args:
        channels: C.
        momentum: Share of the newest batch in the running statistics.
        epsilon: Added to the variance.

    Reference:
        S. Ioffe and C. Szegedy, "Batch normalization: accelerating deep network training by
        reducing internal covariate shift", ICML 2015. https://arxiv.org/abs/1502.03167
    """

    running_mean: Tensor
    running_variance: Tensor

    def __init__(self, channels: int, *, momentum: float = 0.1, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.momentum = momentum
        self.epsilon = epsilon
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_variance", torch.ones(channels))

    def forward(self, maps: Tensor, mask: Tensor) -> Tensor:
        """Normalise the maps of a batch.

        Args:
            maps: ``(B, C, F, D)``, any values on padded frames.
            mask: 1 on real frames, 0 on padding, float ``(B, 1, F, 1)``.

        Returns:
            ``(B, C, F, D)``; padded frames hold arbitrary finite values.
        """
        if not self.training:
            mean, variance = self.running_mean, self.running_variance
        else:
            mean, variance = self._batch_statistics(maps, mask)
        scale = self.weight * torch.rsqrt(variance + self.epsilon)
        shift = self.bias - mean * scale
        return torch.addcmul(shift[:, None, None], maps, scale[:, None, None])

    def _batch_statistics(self, maps: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        count = mask.sum() * maps.shape[3]
        masked = maps * mask
        mean = masked.sum((0, 2, 3)) / count
        square = (masked * maps).sum((0, 2, 3)) / count
        variance = (square - mean.square()).clamp(min=0.0)
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_variance.lerp_(variance, self.momentum)
        return mean, variance
