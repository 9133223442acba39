"""How the learning rate moves: warm-up, then a shape over the whole training."""

import math
from collections.abc import Mapping
from typing import Any, Literal, get_args

from torch import nn
from torch.optim import AdamW, Optimizer

from ser.errors import ConfigurationError
from ser.models.encoder_tail import TailNetwork

ScheduleName = Literal["constant", "cosine", "one_cycle", "plateau"]
SHARE = "share"  # of the rate, in an optimiser's groups of weights
ONE_CYCLE_RISE = 0.3  # share of a cycle before its peak; this and the next are torch's defaults
ONE_CYCLE_START, ONE_CYCLE_END = 1 / 25, 1 / 250_000  # of the peak


def build_optimiser(
    *modules: nn.Module, learning_rate: float, weight_decay: float, tune_rate: float = 1.0
) -> Optimizer:
    """Return AdamW that decays matrices and leaves biases and normalisation scales alone.

    Layers of a pretrained encoder do not decay either, for they would forget; their adapters do,
    towards what the encoder was.

    Args:
        modules: Whose weights to train.
        learning_rate: Peak rate, > 0.
        weight_decay: Decoupled decay, ≥ 0.
        tune_rate: Share of the rate at which layers of a pretrained encoder learn, > 0.

    Reference:
        I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", ICLR 2019.
        https://arxiv.org/abs/1711.05101
    """
    tails = [module for module in modules if isinstance(module, TailNetwork)]
    tuned = [weight for tail in tails for weight in tail.encoder_weights()]
    apart = {id(weight) for tail in tails for weight in tail.tail.parameters()}
    weights = [
        weight for module in modules for weight in module.parameters() if id(weight) not in apart
    ]
    groups: list[dict[str, Any]] = [
        {"params": [w for w in weights if w.ndim > 1], "weight_decay": weight_decay},
        {"params": [w for w in weights if w.ndim <= 1], "weight_decay": 0.0},
    ]
    if tuned:
        decay = weight_decay if all(tail.rank for tail in tails) else 0.0
        groups.append({"params": tuned, "weight_decay": decay, SHARE: tune_rate})
    # Fused: one pass over each weight, a third of the time of torch's default on a CPU.
    return AdamW(groups, lr=learning_rate, fused=True)


class LearningRate:
    """Set the learning rate of an optimiser before each update.

    Warm-up rises linearly over the first updates. After it, ``cosine`` falls along half a
    cosine to zero at the last update, ``constant`` stays, and ``plateau`` stays and multiplies
    by ``factor`` whenever the score has not risen for more than ``patience`` epochs.
    ``one_cycle`` brings its own warm-up: it rises along half a cosine over 30 % of the updates
    and falls along another to almost nothing.

    Args:
        optimiser: Whose rate to set; its present rate is the peak.
        schedule: Which shape.
        updates: Number of updates of the whole training, at least 1.
        warmup: Share of the updates spent rising, in [0, 1); ``one_cycle`` ignores it.
        factor: Multiplier on a plateau, in (0, 1).
        patience: Epochs without a better score that are forgiven.

    Raises:
        ConfigurationError: If a parameter lies outside its range.

    Reference:
        I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts",
        ICLR 2017, https://arxiv.org/abs/1608.03983; L. N. Smith and N. Topin,
        "Super-convergence: very fast training of neural networks using large learning rates",
        2018, https://arxiv.org/abs/1708.07120
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
        if schedule not in get_args(ScheduleName):
            raise ConfigurationError(
                f"`schedule` must be one of {list(get_args(ScheduleName))}, but got `{schedule}`"
            )
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
        self._rising = 0 if schedule == "one_cycle" else round(warmup * updates)
        self._factor = factor
        self._patience = patience
        self._best: float | None = None
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
            share = _along_cosine(1.0, 0.0, progress)
        elif self._schedule == "one_cycle":
            share = _one_cycle(update, self._updates)
        else:
            share = 1.0
        self.rate = self._peak * share
        for group in self._optimiser.param_groups:
            group["lr"] = self.rate * group.get(SHARE, 1.0)

    def after_epoch(self, score: float) -> None:
        """Take note of the score of an epoch; only ``plateau`` reacts.

        Args:
            score: Larger is better; NaN counts as no improvement.
        """
        if not math.isnan(score) and (self._best is None or score > self._best):
            self._best, self._waited = score, 0
            return
        self._waited += 1
        if self._schedule == "plateau" and self._waited > self._patience:
            self._peak *= self._factor
            self._waited = 0

    def state(self) -> dict[str, float | None]:
        """Return what it remembers between epochs, ready for JSON."""
        return {
            "rate": self.rate,
            "peak": self._peak,
            "best": self._best,
            "waited": self._waited,
        }

    def restore(self, state: Mapping[str, float | None]) -> None:
        """Go on from what `state` returned."""
        self.rate = float(state["rate"] or 0.0)
        self._peak = float(state["peak"] or 0.0)
        self._best = state["best"]
        self._waited = int(state["waited"] or 0)


def _along_cosine(start: float, end: float, progress: float) -> float:
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * progress))


def _one_cycle(update: int, updates: int) -> float:
    """Return the share of the peak at an update, as torch's `OneCycleLR` counts."""
    top = ONE_CYCLE_RISE * updates - 1
    if update <= top:
        return _along_cosine(ONE_CYCLE_START, 1.0, update / top if top else 1.0)
    return _along_cosine(1.0, ONE_CYCLE_END, (update - top) / (updates - 1 - top))
