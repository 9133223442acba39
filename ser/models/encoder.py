"""From log-mel frames to a sequence of states: convolutions, then a recurrent layer."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ser.models.masking import reverse_time, valid_frames, zero_padding
from ser.models.normalisation import MaskedBatchNorm


class ConvolutionBlock(nn.Module):
    """One 3 × 3 convolution over time and bands, max pooling, batch normalisation, ReLU.

    Args:
        inputs: Channels that come in.
        outputs: Channels that go out.
        time_pool: Frames that become one.
        band_pool: Bands that become one.
        dropout: Share of channels dropped in training, in [0, 1).
    """

    def __init__(
        self, inputs: int, outputs: int, *, time_pool: int, band_pool: int, dropout: float
    ) -> None:
        super().__init__()
        self.time_pool = time_pool
        self.band_pool = band_pool
        self.convolution = nn.Conv2d(inputs, outputs, kernel_size=3, padding=1, bias=False)
        self.normalisation = MaskedBatchNorm(outputs)
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
        mask = _map_mask(lengths, pooled)
        maps = functional.relu(self.normalisation(pooled, mask))
        return self.dropout(maps) * mask, lengths


class ConvolutionEncoder(nn.Module):
    """Stack convolution blocks and lay out the result as one vector per time step.

    Args:
        n_bands: D, bands of the features.
        channels: Output channels of each block.
        time_pools: Frames that become one, for each block.
        dropout: Share of channels dropped after each block in training.
    """

    def __init__(
        self,
        n_bands: int,
        *,
        channels: Sequence[int],
        time_pools: Sequence[int],
        dropout: float,
    ) -> None:
        super().__init__()
        self.reduction = math.prod(time_pools)
        sizes = [1, *channels]
        self.blocks = nn.ModuleList(
            ConvolutionBlock(sizes[i], sizes[i + 1], time_pool=pool, band_pool=2, dropout=dropout)
            for i, pool in enumerate(time_pools)
        )
        self.size = channels[-1] * (n_bands // 2 ** len(channels))

    def forward(self, features: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Encode a padded batch.

        Args:
            features: Normalised features, ``(B, F, D)``, any values on padded frames.
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


class BidirectionalLstm(nn.Module):
    """Read each clip forwards and backwards over its true length, then apply LayerNorm.

    Args:
        inputs: Size of the incoming states.
        size: Size of the state in each direction.

    Reference:
        A. Graves and J. Schmidhuber, "Framewise phoneme classification with bidirectional
        LSTM and other neural network architectures", Neural Networks 18(5–6), 2005.
        https://doi.org/10.1016/j.neunet.2005.06.042
    """

    def __init__(self, inputs: int, size: int) -> None:
        super().__init__()
        self.size = 2 * size
        self.forwards = nn.LSTM(inputs, size, batch_first=True)
        self.backwards = nn.LSTM(inputs, size, batch_first=True)
        self.normalisation = nn.LayerNorm(2 * size)

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Return the states of both directions, ``(B, F, size)``.

        Args:
            states: ``(B, F, D)``.
            lengths: Frames of each clip, int ``(B,)``.
        """
        ahead = self.forwards(states)[0]
        behind = reverse_time(self.backwards(reverse_time(states, lengths))[0], lengths)
        normalised: Tensor = self.normalisation(torch.cat([ahead, behind], dim=2))
        return normalised


def _map_mask(lengths: Tensor, maps: Tensor) -> Tensor:
    return valid_frames(lengths, maps.shape[2]).to(maps.dtype)[:, None, :, None]
