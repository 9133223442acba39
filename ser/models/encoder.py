"""From log-mel frames to a sequence of states: a stack of convolution blocks."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ser.models.convolution import ConvolutionBlock, ResidualBlock
from ser.models.masking import zero_padding


class ConvolutionEncoder(nn.Module):
    """Stack convolution blocks and lay out the result as one vector per time step.

    The first block is always a plain convolution: one channel has nothing to separate, and
    nothing worth keeping on a shortcut.

    Args:
        n_bands: D, bands of the features.
        channels: Output channels of each block.
        time_pools: Frames that become one, for each block.
        separable: Whether the convolutions after the first block are depthwise separable.
        residual: Whether the blocks after the first are residual.
        squeeze: Reduction of squeeze-excitation in every block, 0 for none.
        dropout: Share of channels dropped after each block in training.
    """

    def __init__(
        self,
        n_bands: int,
        *,
        channels: Sequence[int],
        time_pools: Sequence[int],
        separable: bool = False,
        residual: bool = False,
        squeeze: int = 0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.reduction = math.prod(time_pools)
        sizes = [1, *channels]
        self.blocks = nn.ModuleList()
        for i, pool in enumerate(time_pools):
            kind = ResidualBlock if residual and i else ConvolutionBlock
            self.blocks.append(
                kind(
                    sizes[i],
                    sizes[i + 1],
                    time_pool=pool,
                    band_pool=2,
                    separable=separable and i > 0,
                    squeeze=squeeze,
                    dropout=dropout,
                )
            )
        self.size = channels[-1] * (n_bands // 2 ** len(channels))

    def forward(self, features: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Encode a padded batch.

        Args:
            features: Normalised features, ``(B, F, D)``, finite on padded frames.
            lengths: Frames of each clip, int ``(B,)``.

        Returns:
            States ``(B, F', size)``, zero on padded frames, and lengths F' of each clip:
            F // ``reduction``, at least 1. A clip shorter than ``reduction`` frames is
            lengthened to that with zeros, which is the mean of every band.
        """
        missing = max(0, self.reduction - features.shape[1])
        maps = functional.pad(zero_padding(features, lengths), (0, 0, 0, missing))[:, None]
        maps = maps.contiguous(memory_format=torch.channels_last)
        lengths = lengths.clamp(min=self.reduction)
        for block in self.blocks:
            maps, lengths = block(maps, lengths)
        return maps.permute(0, 2, 1, 3).flatten(2), lengths
