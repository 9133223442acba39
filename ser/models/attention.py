"""Self-attention over the real frames of a clip."""

from torch import Tensor, nn
from torch.nn import functional

from ser.models.masking import valid_frames


class SelfAttention(nn.Module):
    """Let each frame gather from all real frames of its clip, and add what it found.

    LayerNorm comes first, so that the layer starts close to the identity. There is no code
    for positions: the convolutions and the recurrent layer below have seen the order.

    Args:
        size: Size of a state, a multiple of ``heads``.
        heads: Number of weightings.
        dropout: Share of the gathered numbers dropped in training.

    Reference:
        A. Vaswani et al., "Attention is all you need", NeurIPS 2017,
        https://arxiv.org/abs/1706.03762; R. Xiong et al., "On layer normalization in the
        transformer architecture", ICML 2020, https://arxiv.org/abs/2002.04745
    """

    def __init__(self, size: int, *, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads = heads
        self.normalisation = nn.LayerNorm(size)
        self.projection = nn.Linear(size, 3 * size)
        self.output = nn.Linear(size, size)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Return new states, ``(B, F, D)``; those of padded frames are arbitrary, but finite.

        Args:
            states: ``(B, F, D)``, finite everywhere.
            lengths: Frames of each clip, int ``(B,)``, at least 1.
        """
        projected = self.projection(self.normalisation(states))
        query, key, value = projected.unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mask = valid_frames(lengths, states.shape[1])[:, None, None, :]
        gathered = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        found: Tensor = self.dropout(self.output(gathered.transpose(1, 2).flatten(2)))
        return states + found
