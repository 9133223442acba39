"""Convolution blocks over time and bands whose outputs know nothing of the padding."""

from torch import Tensor, nn
from torch.nn import functional

from ser.models.masking import valid_frames
from ser.models.normalisation import MaskedBatchNorm

SMALLEST_SQUEEZE = 8  # two hidden ReLUs were seen to be silent on every clip from the start


class ConvolutionBlock(nn.Module):
    """One 3 × 3 convolution over time and bands, max pooling, batch normalisation, ReLU.

    Args:
        inputs: Channels that come in.
        outputs: Channels that go out.
        time_pool: Frames that become one.
        band_pool: Bands that become one.
        separable: Whether the convolution is depthwise separable.
        squeeze: Reduction of squeeze-excitation, 0 for none.
        dropout: Share of channels dropped in training, in [0, 1).
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        time_pool: int,
        band_pool: int,
        separable: bool = False,
        squeeze: int = 0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.time_pool = time_pool
        self.band_pool = band_pool
        self.convolution = make_convolution(inputs, outputs, separable=separable)
        self.normalisation = MaskedBatchNorm(outputs)
        self.squeeze = SqueezeExcitation(outputs, squeeze) if squeeze else None
        self.dropout = nn.Dropout2d(dropout)

    def forward(self, maps: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Transform maps whose padded frames are zero into smaller ones of the same kind.

        Args:
            maps: ``(B, C, F, D)``, zero on padded frames.
            lengths: Frames of each clip, int ``(B,)``, at least ``time_pool``.

        Returns:
            ``(B, C', F // time_pool, D // band_pool)``, zero on padded frames, and the pooled
            lengths ``lengths // time_pool``: an incomplete last group of frames is dropped.
        """
        # Pooling before normalisation leaves a quarter of the numbers to normalise.
        pooled = functional.max_pool2d(self.convolution(maps), (self.time_pool, self.band_pool))
        lengths = lengths // self.time_pool
        mask = map_mask(lengths, pooled)
        maps = functional.relu(self.normalisation(pooled, mask))
        if self.squeeze is not None:
            maps = self.squeeze(maps, mask)
        return self.dropout(maps) * mask, lengths


class ResidualBlock(nn.Module):
    """Two 3 × 3 convolutions whose result is added to what came in.

    Pooling follows the first convolution, so that the second one works on a quarter of the
    numbers; the shortcut pools the same frames and bands.

    Args:
        inputs: Channels that come in.
        outputs: Channels that go out.
        time_pool: Frames that become one.
        band_pool: Bands that become one.
        separable: Whether the convolutions are depthwise separable.
        squeeze: Reduction of squeeze-excitation, 0 for none.
        dropout: Share of channels dropped in training, in [0, 1).

    Reference:
        K. He et al., "Deep residual learning for image recognition", CVPR 2016.
        https://arxiv.org/abs/1512.03385
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        time_pool: int,
        band_pool: int,
        separable: bool = False,
        squeeze: int = 0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.first = ConvolutionBlock(
            inputs, outputs, time_pool=time_pool, band_pool=band_pool, separable=separable
        )
        self.convolution = make_convolution(outputs, outputs, separable=separable)
        self.normalisation = MaskedBatchNorm(outputs)
        self.squeeze = SqueezeExcitation(outputs, squeeze) if squeeze else None
        is_same = inputs == outputs
        self.shortcut = None if is_same else nn.Conv2d(inputs, outputs, kernel_size=1, bias=False)
        self.dropout = nn.Dropout2d(dropout)

    def forward(self, maps: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Transform maps as `ConvolutionBlock.forward` does.

        Args:
            maps: ``(B, C, F, D)``, zero on padded frames.
            lengths: Frames of each clip, int ``(B,)``, at least ``time_pool``.
        """
        kept = functional.max_pool2d(maps, (self.first.time_pool, self.first.band_pool))
        if self.shortcut is not None:
            kept = self.shortcut(kept)
        maps, lengths = self.first(maps, lengths)
        mask = map_mask(lengths, maps)
        branch = self.normalisation(self.convolution(maps), mask)
        if self.squeeze is not None:
            branch = self.squeeze(branch, mask)
        return self.dropout(functional.relu(kept + branch)) * mask, lengths


class SqueezeExcitation(nn.Module):
    """Scale each channel by a number in (0, 1) that follows from its clip as a whole.

    Args:
        channels: C.
        reduction: r; the hidden layer has ``max(8, C // r)`` numbers.

    Reference:
        J. Hu, L. Shen and G. Sun, "Squeeze-and-excitation networks", CVPR 2018.
        https://arxiv.org/abs/1709.01507
    """

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        hidden = max(SMALLEST_SQUEEZE, channels // reduction)
        self.scale = nn.Sequential(
            nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels), nn.Sigmoid()
        )

    def forward(self, maps: Tensor, mask: Tensor) -> Tensor:
        """Return the scaled maps.

        Args:
            maps: ``(B, C, F, D)``, finite on padded frames.
            mask: 1 on real frames, 0 on padding, float ``(B, 1, F, 1)``.
        """
        means = (maps.mean(dim=3, keepdim=True) * mask).sum((2, 3)) / mask.sum((2, 3))
        scaled: Tensor = maps * self.scale(means)[:, :, None, None]
        return scaled


def make_convolution(inputs: int, outputs: int, *, separable: bool) -> nn.Module:
    """Return a 3 × 3 convolution without bias that keeps frames and bands.

    Args:
        inputs: Channels that come in.
        outputs: Channels that go out.
        separable: Whether to filter each channel by itself and mix them after that, which
            takes about a ninth of the weights.

    Reference:
        F. Chollet, "Xception: deep learning with depthwise separable convolutions", CVPR 2017.
        https://arxiv.org/abs/1610.02357
    """
    if not separable:
        return nn.Conv2d(inputs, outputs, kernel_size=3, padding=1, bias=False)
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, kernel_size=3, padding=1, groups=inputs, bias=False),
        nn.Conv2d(inputs, outputs, kernel_size=1, bias=False),
    )


def map_mask(lengths: Tensor, maps: Tensor) -> Tensor:
    """Return 1 on the real frames of maps ``(B, C, F, D)`` and 0 on padding, ``(B, 1, F, 1)``."""
    # Single precision even for half-precision maps, whose sums would be rounded or overflow.
    return valid_frames(lengths, maps.shape[2]).float()[:, None, :, None]
