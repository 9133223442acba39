"""Classification losses on logits ``(B, C)`` and target posteriors ``(B, C)``."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from ser.errors import ConfigurationError

LossName = Literal["cross_entropy", "class_weighted", "focal", "soft_label"]
Loss = Callable[[Tensor, Tensor], Tensor]


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return ``−mean over clips of Σ_c t_c log p_c``.

    Args:
        logits: ``(B, C)``.
        targets: Posteriors, ``(B, C)``; one-hot rows for hard labels.
    """
    return -(targets * logits.log_softmax(dim=1)).sum(dim=1).mean()


def class_weighted(logits: Tensor, targets: Tensor, *, class_weights: Tensor) -> Tensor:
    """Return the weighted mean of the cross-entropy, each class with its own weight.

    ``−Σ_bc w_c t_bc log p_bc / Σ_bc w_c t_bc``, for one-hot targets what torch's
    ``CrossEntropyLoss(weight)`` computes from class numbers.

    Args:
        logits: ``(B, C)``.
        targets: Posteriors, ``(B, C)``.
        class_weights: w, ``(C,)``, > 0.
    """
    weighted = targets * class_weights
    return -(weighted * logits.log_softmax(dim=1)).sum() / weighted.sum()


def focal(logits: Tensor, targets: Tensor, *, gamma: float = 2.0) -> Tensor:
    """Return ``−mean over clips of Σ_c t_c (1 − p_c)^γ log p_c``: easy clips count less.

    It is linear in the target, so a posterior target gives exactly the expected loss of a
    label drawn from it; γ = 0 gives the cross-entropy.

    Args:
        logits: ``(B, C)``.
        targets: Posteriors, ``(B, C)``.
        gamma: γ ≥ 0.

    Reference:
        T.-Y. Lin et al., "Focal loss for dense object detection", ICCV 2017.
        https://arxiv.org/abs/1708.02002
    """
    log_posterior = logits.log_softmax(dim=1)
    # expm1 keeps 1 − p exact when p is close to 1; the floor keeps the gradient of the power
    # finite for γ < 1 when p rounds to 1.
    remainder = (-torch.expm1(log_posterior)).clamp(min=torch.finfo(logits.dtype).tiny)
    return -(targets * remainder.pow(gamma) * log_posterior).sum(dim=1).mean()


def soft_label(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean Kullback–Leibler divergence from the posterior of the model to the target.

    ``mean over clips of Σ_c t_c (log t_c − log p_c)``: 0 exactly where the model reproduces how
    people disagree. Its gradient is that of `cross_entropy` on the same targets.

    Args:
        logits: ``(B, C)``.
        targets: Posteriors, ``(B, C)``; zeros are fine.

    Reference:
        J. C. Peterson et al., "Human uncertainty makes classification more robust", ICCV 2019.
        https://arxiv.org/abs/1908.07086
    """
    negative_entropy: Tensor = torch.special.xlogy(targets, targets).sum(dim=1).mean()
    return cross_entropy(logits, targets) + negative_entropy


def balance_classes(targets: Tensor) -> Tensor:
    """Return weights ``w_c = N / (C · n_c)`` that give every class the same total weight.

    C counts the classes that have clips; a class without any gets weight 0, since nothing can
    be learned about it yet.

    Args:
        targets: Posteriors of the training clips, ``(N, C)``; n_c is the mass of class c.

    Example:
        >>> balance_classes(torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
        tensor([0.6667, 2.0000])
    """
    mass = targets.sum(dim=0)
    has_clips = mass > 0
    weights = targets.sum() / (has_clips.sum() * mass)
    return torch.where(has_clips, weights, torch.zeros_like(weights))


def build_loss(name: LossName, targets: Tensor, *, gamma: float = 2.0) -> Loss:
    """Return the named loss as a function of logits and targets.

    Args:
        name: Which loss.
        targets: Posteriors of the training clips, ``(N, C)``; `class_weighted` balances them.
        gamma: Exponent of `focal`.

    Raises:
        ConfigurationError: If the name is unknown or a weight is undefined.
    """
    if name == "class_weighted":
        weights = balance_classes(targets)
        return lambda logits, wanted: class_weighted(logits, wanted, class_weights=weights)
    if name == "focal":
        return lambda logits, wanted: focal(logits, wanted, gamma=gamma)
    plain: dict[str, Loss] = {"cross_entropy": cross_entropy, "soft_label": soft_label}
    if name not in plain:
        names = ["cross_entropy", "class_weighted", "focal", "soft_label"]
        raise ConfigurationError(f"`loss` must be one of {names}, but got `{name}`")
    return plain[name]
