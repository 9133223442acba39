"""The loss of rated dimensions such as arousal: how far from concordance a batch is."""

import torch
from torch import Tensor

SMALLEST_SPREAD = 1e-8  # keeps the loss finite where nothing varies


def concordance_loss(ratings: Tensor, truth: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return ``1 − mean over dimensions of CCC``, in [0, 2].

    ``CCC = 2 cov(x, y) / (var x + var y + (mean x − mean y)²)`` with the moments over the clips
    of the batch whose truth is known, divided by their number (or total weight). A dimension
    with fewer than two known clips says nothing about concordance and is left out; without any
    other the loss is 0.

    Args:
        ratings: What the network says, ``(B, R)``.
        truth: Ratings on the same scale, ``(B, R)``; NaN where unknown.
        weights: Weight of each clip, ``(B,)``, ≥ 0; equal by default.

    Example:
        >>> truth = torch.tensor([[1.0], [2.0], [3.0], [torch.nan]])
        >>> concordance_loss(torch.tensor([[1.0], [2.0], [3.0], [9.0]]), truth).item()
        0.0
        >>> concordance_loss(torch.tensor([[3.0], [2.0], [1.0], [9.0]]), truth).item()
        2.0

    Reference:
        L. I.-K. Lin, "A concordance correlation coefficient to evaluate reproducibility",
        Biometrics 45(1), 1989, https://doi.org/10.2307/2532051; B. T. Atmaja and M. Akagi,
        "Evaluation of error- and correlation-based loss functions for multitask learning
        dimensional speech emotion recognition", J. Phys.: Conf. Ser. 1896, 2021,
        https://doi.org/10.1088/1742-6596/1896/1/012004
    """
    known = ~truth.isnan()
    share = known.to(ratings.dtype) if weights is None else known * weights[:, None]
    has_pairs = (share > 0).sum(dim=0) >= 2
    share = share / share.sum(dim=0).clamp(min=SMALLEST_SPREAD)
    # Unknown cells are replaced, not only weighted by 0: 0 · NaN is NaN, also in the gradient.
    wanted = torch.where(known, truth, torch.zeros_like(truth))
    found = torch.where(known, ratings, torch.zeros_like(ratings))
    mean_x, mean_y = (share * found).sum(dim=0), (share * wanted).sum(dim=0)
    x, y = found - mean_x, wanted - mean_y
    spread = (share * (x.square() + y.square())).sum(dim=0) + (mean_x - mean_y).square()
    ccc = 2 * (share * x * y).sum(dim=0) / spread.clamp(min=SMALLEST_SPREAD)
    return torch.where(has_pairs, 1 - ccc, 0.0).sum() / has_pairs.sum().clamp(min=1)
