"""Classification losses on logits ``(B, C)`` and target posteriors ``(B, C)``.

Each is a mean over the B clips of a batch. Weights of clips, where given, multiply the losses of
the clips and are meant to have mean 1 over the training part: the sum is still divided by B, so
that a clip counts the same whichever clips it shares a batch with.
"""

from collections.abc import Callable
from functools import partial
from typing import Literal, get_args

import torch
from torch import Tensor

from ser.errors import ConfigurationError

LossName = Literal["cross_entropy", "class_weighted", "focal", "soft_label"]
# Logits, targets and, if clips count differently, their weights ``(B,)`` → a scalar.
Loss = Callable[[Tensor, Tensor, Tensor | None], Tensor]


def cross_entropy(logits: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return ``−mean over clips of w_b Σ_c t_bc log p_bc``.

    Args:
        logits: ``(B, C)``.
        targets: Posteriors, ``(B, C)``; one-hot rows for hard labels.
        weights: w, ``(B,)``, ≥ 0; 1 by default.
    """
    return _mean(-(targets * logits.log_softmax(dim=1)).sum(dim=1), weights)


def class_weighted(
    logits: Tensor,
    targets: Tensor,
    weights: Tensor | None = None,
    *,
    class_weights: Tensor,
) -> Tensor:
    """Return the weighted mean of the cross-entropy, each class with its own weight.

    ``−Σ_b w_b Σ_c v_c t_bc log p_bc / Σ_bc v_c t_bc``, for one-hot targets and equal w what
    torch's ``CrossEntropyLoss(weight=v)`` computes from class numbers.

    Args:
        logits: ``(B, C)``.
        targets: Posteriors, ``(B, C)``.
        weights: w, ``(B,)``, ≥ 0; 1 by default.
        class_weights: v, ``(C,)``, > 0.
    """
    weighted = targets * class_weights
    losses = -(weighted * logits.log_softmax(dim=1)).sum(dim=1)
    return _mean(losses, weights) * len(losses) / weighted.sum()


def focal(
    logits: Tensor, targets: Tensor, weights: Tensor | None = None, *, gamma: float = 2.0
) -> Tensor:
    """Return ``−mean over clips of w_b Σ_c t_bc (1 − p_bc)^γ log p_bc``: easy clips count less.

    Lin et al. define the loss of a clip with the label y: ``FL(y) = −(1 − p_y)^γ log p_y``. A
    posterior target says that the label is c with probability t_c, so its loss is the
    expectation ``Σ_c t_c FL(c)``, which is linear in t and for one-hot targets is FL itself.
    Modulating the whole cross-entropy of a soft target by one factor would be neither. γ = 0
    gives the cross-entropy.

    Args:
        logits: ``(B, C)``.
        targets: Posteriors, ``(B, C)``.
        weights: w, ``(B,)``, ≥ 0; 1 by default.
        gamma: γ ≥ 0.

    Reference:
        T.-Y. Lin et al., "Focal loss for dense object detection", ICCV 2017.
        https://arxiv.org/abs/1708.02002
    """
    log_posterior = logits.log_softmax(dim=1)
    # expm1 keeps 1 − p exact when p is close to 1; the floor keeps the gradient of the power
    # finite for γ < 1 when p rounds to 1.
    remainder = (-torch.expm1(log_posterior)).clamp(min=torch.finfo(logits.dtype).tiny)
    return _mean(-(targets * remainder.pow(gamma) * log_posterior).sum(dim=1), weights)


def soft_label(logits: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the mean Kullback–Leibler divergence from the posterior of the model to the target.

    ``mean over clips of w_b Σ_c t_bc (log t_bc − log p_bc)``: 0 exactly where the model
    reproduces how people disagree. Its gradient is that of `cross_entropy` on the same targets.

    Args:
        logits: ``(B, C)``.
        targets: Posteriors, ``(B, C)``; zeros are fine.
        weights: w, ``(B,)``, ≥ 0; 1 by default.

    Reference:
        J. C. Peterson et al., "Human uncertainty makes classification more robust", ICCV 2019.
        https://arxiv.org/abs/1908.07086
    """
    negative_entropy = torch.special.xlogy(targets, targets).sum(dim=1)
    return cross_entropy(logits, targets, weights) + _mean(negative_entropy, weights)


def balance_classes(targets: Tensor, *, beta: float = 1.0) -> Tensor:
    """Return weights of the classes that make rare ones count as much as frequent ones.

    A class with n_c clips gets a weight ``∝ (1 − β) / (1 − β^n_c)``, one over its effective
    number of clips, scaled to the mean 1 over the clips. β = 1, the limit, gives every class
    the same total weight, ``w_c = N / (C · n_c)``; β = 0 weighs all clips alike. C counts the
    classes that have clips; a class without any gets weight 0, since nothing can be learned
    about it yet.

    Args:
        targets: Posteriors of the training clips, ``(N, C)``; n_c is the mass of class c.
        beta: β in [0, 1].

    Example:
        >>> targets = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        >>> balance_classes(targets)
        tensor([0.6667, 2.0000])
        >>> balance_classes(targets, beta=0.0)
        tensor([1., 1.])

    Reference:
        Y. Cui et al., "Class-balanced loss based on effective number of samples", CVPR 2019.
        https://arxiv.org/abs/1901.05555
    """
    mass = targets.sum(dim=0)
    has_clips = mass > 0
    effective = mass if beta == 1 else (1 - beta**mass) / (1 - beta)
    inverse = torch.where(has_clips, 1 / effective, torch.zeros_like(mass))
    return inverse * targets.sum() / (inverse * mass).sum()


def build_loss(name: LossName, targets: Tensor, *, gamma: float = 2.0, beta: float = 1.0) -> Loss:
    """Return the named loss as a function of logits, targets and weights of clips or `None`.

    Args:
        name: Which loss.
        targets: Posteriors of the training clips, ``(N, C)``; `class_weighted` balances them.
        gamma: Exponent of `focal`.
        beta: How far `class_weighted` balances, see `balance_classes`.

    Raises:
        ConfigurationError: If the name is unknown.
    """
    if name == "class_weighted":
        return partial(class_weighted, class_weights=balance_classes(targets, beta=beta))
    if name == "focal":
        return partial(focal, gamma=gamma)
    plain: dict[str, Loss] = {"cross_entropy": cross_entropy, "soft_label": soft_label}
    if name not in plain:
        raise ConfigurationError(
            f"`loss` must be one of {list(get_args(LossName))}, but got `{name}`"
        )
    return plain[name]


def _mean(losses: Tensor, weights: Tensor | None) -> Tensor:
    mean: Tensor = (losses if weights is None else losses * weights).mean()
    return mean
