"""A moving average of the weights, often better than the weights of any one moment."""

import copy

import torch

from ser.models.network import EmotionNetwork


class MovingAverage:
    """Average the weights of a network, and its statistics, over the last updates.

    Update n makes it ``d · average + (1 − d) · network`` with ``d = min(decay, (1 + n) / (10 +
    n))``: it looks back over a fixed share of a short training and never over more than about
    ``1 / (1 − decay)`` updates, so that the random weights of the beginning are soon forgotten.

    Args:
        network: What to average; the average begins as a copy of it, in evaluation mode.
        decay: In (0, 1), such as 0.99.

    Reference:
        B. T. Polyak and A. B. Juditsky, "Acceleration of stochastic approximation by
        averaging", SIAM J. Control Optim. 30(4), 1992. https://doi.org/10.1137/0330046
    """

    def __init__(self, network: EmotionNetwork, *, decay: float) -> None:
        self.network = copy.deepcopy(network).requires_grad_(requires_grad=False).eval()
        self.decay = decay

    @torch.no_grad()
    def update(self, network: EmotionNetwork, updates: int) -> None:
        """Take in the weights after an update.

        Args:
            network: The network that is trained.
            updates: n, how many updates were done before this one.
        """
        step = 1 - min(self.decay, (1 + updates) / (10 + updates))
        new = network.state_dict()
        for name, average in self.network.state_dict().items():
            average.lerp_(new[name], step)
