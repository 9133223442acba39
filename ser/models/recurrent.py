"""Recurrent layers that read each clip in both directions over its true length."""

from typing import Literal

import torch
from torch import Tensor, nn

from ser.models.masking import reverse_time


class BidirectionalRecurrent(nn.Module):
    """Read each clip forwards and backwards over its true length, then apply LayerNorm.

    Args:
        inputs: Size of the incoming states.
        size: Size of the state in each direction.
        cell: `lstm`, or `gru` with a quarter fewer weights.

    Reference:
        A. Graves and J. Schmidhuber, "Framewise phoneme classification with bidirectional
        LSTM and other neural network architectures", Neural Networks 18(5–6), 2005.
        https://doi.org/10.1016/j.neunet.2005.06.042
        K. Cho et al., "Learning phrase representations using RNN encoder–decoder for
        statistical machine translation", EMNLP 2014. https://arxiv.org/abs/1406.1078
    """

    def __init__(self, inputs: int, size: int, *, cell: Literal["lstm", "gru"] = "lstm") -> None:
        super().__init__()
        self.size = 2 * size
        layer = nn.LSTM if cell == "lstm" else nn.GRU
        self.forwards = layer(inputs, size, batch_first=True)
        self.backwards = layer(inputs, size, batch_first=True)
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
