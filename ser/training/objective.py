"""What training makes small: the loss of the categories, of the ratings, or of both."""

import torch
from torch import Tensor, nn

from ser.models.network import NetworkOutput
from ser.training.dataset import Targets
from ser.training.losses import Loss
from ser.training.rating_losses import concordance_loss


class Objective(nn.Module):
    """Combine the losses of the tasks by how uncertain each task is.

    Alone, a task has its own loss. Together, ``exp(−s₁) L_categories + ½ exp(−s₂) L_ratings +
    (s₁ + s₂) / 2``, where the s, the logarithms of the tasks' variances, are trained with the
    network: a task that stays hard gets less to say.

    Args:
        categories: Loss of the categories; `None` with ratings alone.
        ratings: Whether ratings are learned.

    Reference:
        A. Kendall, Y. Gal and R. Cipolla, "Multi-task learning using uncertainty to weigh
        losses for scene geometry and semantics", CVPR 2018. https://arxiv.org/abs/1705.07115
    """

    def __init__(self, categories: Loss | None, *, ratings: bool) -> None:
        super().__init__()
        self.categories = categories
        self.log_variances = (
            nn.Parameter(torch.zeros(2)) if ratings and categories is not None else None
        )

    def forward(self, output: NetworkOutput, targets: Targets) -> Tensor:
        """Return the loss of a batch, a scalar, in single precision; of an ensemble, the mean.

        Args:
            output: What the network says.
            targets: What it should say.
        """
        if output.members:
            return torch.stack([self(member, targets) for member in output.members]).mean()
        if self.categories is None:
            return self._rate(output, targets)
        loss = self.categories(output.logits.float(), targets.posterior, targets.weights)
        if self.log_variances is None:
            return loss
        trust = torch.exp(-self.log_variances)
        both = trust[0] * loss + 0.5 * trust[1] * self._rate(output, targets)
        return both + 0.5 * self.log_variances.sum()

    def _rate(self, output: NetworkOutput, targets: Targets) -> Tensor:
        return concordance_loss(output.ratings.float(), targets.ratings, targets.weights)
