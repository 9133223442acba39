"""Attention from one sequence to another of other length, and a state that stands for nothing."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ser.models.masking import valid_frames


class NothingState(nn.Module):
    """Put one learned state in front of every sequence.

    A sequence without a state, such as the words of a clip whose transcript is missing, becomes
    this state alone, so that whoever averages or attends always finds something. Where a sequence
    is there but tells nothing, attention can turn to it.

    Args:
        size: Size of a state.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.state = nn.Parameter(0.02 * torch.randn(size))

    def forward(self, states: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return states ``(B, 1 + T, D)`` and lengths that are one larger.

        Args:
            states: ``(B, T, D)``; T may be 0.
            lengths: Real states of each sequence, int ``(B,)``, may be 0.
        """
        first = self.state.expand(len(states), 1, -1)
        return torch.cat([first, states], dim=1), lengths + 1


class CrossAttention(nn.Module):
    """Let each state of one sequence gather from all real states of another, and add it.

    LayerNorm comes first on both sides, so that the layer starts close to the identity.

    Args:
        size: Size of a state of either sequence, a multiple of ``heads``.
        heads: Number of weightings.
        dropout: Share of the gathered numbers dropped in training.

    Reference:
        Y.-H. H. Tsai et al., "Multimodal transformer for unaligned multimodal language
        sequences", ACL 2019. https://aclanthology.org/P19-1656
    """

    def __init__(self, size: int, *, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads = heads
        self.asking = nn.LayerNorm(size)
        self.asked = nn.LayerNorm(size)
        self.query = nn.Linear(size, size)
        self.key_value = nn.Linear(size, 2 * size)
        self.output = nn.Linear(size, size)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor, others: Tensor, other_lengths: Tensor) -> Tensor:
        """Return new states of the asking sequence, ``(B, T, D)``.

        Args:
            states: Those that ask, ``(B, T, D)``, finite everywhere.
            others: Those that are asked, ``(B, U, D)``, finite everywhere.
            other_lengths: Real states of each asked sequence, int ``(B,)``, at least 1.
        """
        query = self.query(self.asking(states)).unflatten(2, (self.heads, -1)).transpose(1, 2)
        projected = self.key_value(self.asked(others))
        key, value = projected.unflatten(2, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mask = valid_frames(other_lengths, others.shape[1])[:, None, None, :]
        gathered = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        found: Tensor = self.dropout(self.output(gathered.transpose(1, 2).flatten(2)))
        return states + found
