"""From a sequence of states to one vector per clip."""

import torch
from torch import Tensor, nn

from ser.models.masking import valid_frames

SMALLEST_VARIANCE = 1e-6  # keeps the gradient of the square root finite on constant states


class AttentionPooling(nn.Module):
    """Average the states of a clip with learnt weights; each head has its own weights.

    Weights of one head: ``softmax(w · tanh(W h))`` over the real frames of the clip. The
    deviation of the states under the weights of all heads together can be appended.

    Args:
        inputs: Size of a state.
        heads: Number of weightings.
        hidden: Size of the hidden layer of the scores.
        with_deviation: Whether to append the standard deviation over time.

    Reference:
        Z. Lin et al., "A structured self-attentive sentence embedding", ICLR 2017,
        https://arxiv.org/abs/1703.03130; K. Okabe, T. Koshinaka and K. Shinoda, "Attentive
        statistics pooling for deep speaker embedding", Interspeech 2018,
        https://doi.org/10.21437/Interspeech.2018-993
    """

    def __init__(
        self, inputs: int, *, heads: int, hidden: int = 64, with_deviation: bool = True
    ) -> None:
        super().__init__()
        self.with_deviation = with_deviation
        self.size = inputs * (heads + int(with_deviation))
        self.hidden = nn.Linear(inputs, hidden)
        self.scores = nn.Linear(hidden, heads, bias=False)

    def weigh(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Return the weights of each head, ``(B, F, heads)``: 0 on padding, sums of 1 over F.

        Args:
            states: ``(B, F, D)``.
            lengths: Frames of each clip, int ``(B,)``, at least 1.
        """
        scores: Tensor = self.scores(torch.tanh(self.hidden(states)))
        padding = ~valid_frames(lengths, states.shape[1])
        return scores.masked_fill(padding[:, :, None], -torch.inf).softmax(dim=1)

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Return one vector per clip, ``(B, size)``.

        Args:
            states: ``(B, F, D)``, finite everywhere.
            lengths: Frames of each clip, int ``(B,)``, at least 1.
        """
        weights = self.weigh(states, lengths)
        means = weights.transpose(1, 2) @ states
        if not self.with_deviation:
            return means.flatten(1)
        shared = weights.mean(dim=2)[:, :, None]
        mean = means.mean(dim=1, keepdim=True)
        variance = (shared * (states - mean).square()).sum(dim=1)
        deviation = variance.clamp(min=SMALLEST_VARIANCE).sqrt()
        return torch.cat([means.flatten(1), deviation], dim=1)


class StatisticsPooling(nn.Module):
    """Describe the states of a clip by their mean and maximum, and optionally their deviation.

    Args:
        inputs: Size of a state.
        with_deviation: Whether to append the standard deviation over time.

    Reference:
        D. Snyder et al., "X-vectors: robust DNN embeddings for speaker recognition", ICASSP
        2018, https://doi.org/10.1109/ICASSP.2018.8461375, for mean and deviation.
    """

    def __init__(self, inputs: int, *, with_deviation: bool = True) -> None:
        super().__init__()
        self.with_deviation = with_deviation
        self.size = inputs * (2 + int(with_deviation))

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Return one vector per clip, ``(B, size)``.

        Args:
            states: ``(B, F, D)``, finite everywhere.
            lengths: Frames of each clip, int ``(B,)``, at least 1.
        """
        mask = valid_frames(lengths, states.shape[1])[:, :, None]
        mean, deviation = moments(states, lengths)
        maximum = states.masked_fill(~mask, -torch.inf).amax(dim=1)
        last = [deviation] if self.with_deviation else []
        return torch.cat([mean, maximum, *last], dim=1)


def moments(states: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation (population) over the real frames, ``(B, D)`` each.

    Args:
        states: ``(B, F, D)``, finite everywhere.
        lengths: Frames of each clip, int ``(B,)``, at least 1.

    Example:
        >>> mean, deviation = moments(torch.tensor([[[1.0], [3.0], [9.0]]]), torch.tensor([2]))
        >>> mean.tolist(), deviation.tolist()
        ([[2.0]], [[1.0]])
    """
    mask = valid_frames(lengths, states.shape[1])[:, :, None]
    mean = (states * mask).sum(dim=1) / lengths[:, None]
    square = (states - mean[:, None]).square() * mask
    variance = square.sum(dim=1) / lengths[:, None]
    return mean, variance.clamp(min=SMALLEST_VARIANCE).sqrt()
