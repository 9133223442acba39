"""How the learning rate moves: warm-up, then a cosine or steps on a plateau."""

import math
from typing import Literal

from torch import nn
from torch.optim import AdamW, Optimizer

from ser.errors import ConfigurationError

ScheduleName = Literal["cosine", "plateau"]


def build_optimiser(network: nn.Module, *, learning_rate: float, weight_decay: float) -> Optimizer:
    """Return AdamW that decays matrices and leaves biases and normalisation scales alone.

    Args:
        network: Whose weights to train.
        learning_rate: Peak rate, > 0.
        weight_decay: Decoupled decay, ≥ 0.

    Reference:
        I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", ICLR 2019.
        https://arxiv.org/abs/1711.05101
    """
    weights = list(network.parameters())
    groups = [
        {"params": [w for w in weights if w.ndim > 1], "weight_decay": weight_decay},
        {"params": [w for w in weights if w.ndim <= 1], "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=learning_rate)


class LearningRate:
    """Set the learning rate of an optimiser before each update.

    Warm-up rises linearly over the first updates. After it, ``cosine`` falls along half a
    cosine to zero at the last update; ``plateau`` stays, and multiplies by ``factor`` whenever
    the score has not risen for more than ``patience`` epochs.

    Args:
        optimiser: Whose rate to set; its present rate is the peak.
        schedule: Which shape.
        updates: Number of updates of the whole training, at least 1.
        warmup: Share of the updates spent rising, in [0, 1).
        factor: Multiplier on a plateau, in (0, 1).
        patience: Epochs without a better score that are forgiven.

    Raises:
        ConfigurationError: If a parameter lies outside its range.

    Reference:
        I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts",
        ICLR 2017. https://arxiv.org/abs/1608.03983
    """

    def __init__(
        self,
        optimiser: Optimizer,
        *,
        schedule: ScheduleName,
        updates: int,
        warmup: float,
        factor: float = 0.5,
        patience: int = 3,
    ) -> None:
        if schedule not in ("cosine", "plateau"):
            raise ConfigurationError(f"`schedule` must be cosine or plateau, but got `{schedule}`")
        if updates < 1 or not 0 <= warmup < 1 or not 0 < factor < 1:
            raise ConfigurationError(
                "`updates` must be ≥ 1, `warmup` in [0, 1) and `factor` in (0, 1), but got "
                f"{updates}, {warmup} and {factor}"
            )
        self.rate: float = optimiser.param_groups[0]["lr"]
        self._optimiser = optimiser
        self._schedule = schedule
        self._peak = self.rate
        self._updates = updates
        self._rising = round(warmup * updates)
        self._factor = factor
        self._patience = patience
        self._best = -math.inf
        self._waited = 0

    def before_update(self, update: int) -> None:
        """Set the rate for one update.

        Args:
            update: Number of updates done so far, from 0.
        """
        if update < self._rising:
            share = (update + 1) / self._rising
        elif self._schedule == "cosine":
            progress = (update - self._rising) / max(1, self._updates - self._rising)
            share = 0.5 * (1 + math.cos(math.pi * progress))
        else:
            share = 1.0
        self.rate = self._peak * share
        for group in self._optimiser.param_groups:
            group["lr"] = self.rate

    def after_epoch(self, score: float) -> None:
        """Take note of the score of an epoch; only ``plateau`` reacts.

        Args:
            score: Larger is better; NaN counts as no improvement.
        """
        if score > self._best:
            self._best, self._waited = score, 0
            return
        self._waited += 1
        if self._schedule == "plateau" and self._waited > self._patience:
            self._peak *= self._factor
            self._waited = 0
