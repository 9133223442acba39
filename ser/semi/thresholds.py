"""Which beliefs about clips without labels are strong enough to be learned."""

import torch
from torch import Tensor

UNDECIDED = -1  # a clip of which the teacher never was sure


def class_thresholds(decided: Tensor, classes: int, *, threshold: float) -> Tensor:
    """Return from which probability each class is believed, ``(C,)``.

    ``τ_c = τ · m(β_c)`` with ``m(x) = x / (2 − x)`` and β_c the number of clips of which the
    teacher was sure (above τ) that they are of class c, over the largest such number or that of
    clips it was never sure of, if that is larger: what is learned slowly is asked less of. Other
    than in the paper, no threshold falls below τ / 2, nor below twice a guess, ``2 / C`` (unless
    τ itself does): at first the teacher knows nothing, and its guesses teach nothing.

    Args:
        decided: The class each clip was last found sure to be of, `UNDECIDED` without, ``(N,)``.
        classes: C.
        threshold: τ in (0, 1).

    Example:
        >>> decided = torch.tensor([0, 0, 0, 0, 1, 1, 2, -1])
        >>> class_thresholds(decided, 4, threshold=0.9).tolist()
        [0.8999999761581421, 0.5, 0.5, 0.5]

    Reference:
        B. Zhang et al., "FlexMatch: boosting semi-supervised learning with curriculum pseudo
        labeling", NeurIPS 2021. https://arxiv.org/abs/2110.08263
    """
    counts = torch.bincount(decided[decided != UNDECIDED], minlength=classes).float()
    undecided = (decided == UNDECIDED).sum()
    share = counts / torch.maximum(counts.max(), undecided).clamp(min=1)
    floor = min(threshold, max(threshold / 2, 2 / classes))
    return (threshold * share / (2 - share)).clamp(min=floor)


def align(posterior: Tensor, wanted: Tensor, found: Tensor) -> Tensor:
    """Return posteriors that on average hold the classes as often as they should.

    ``p_c · wanted_c / found_c``, made to sum to 1.

    Args:
        posterior: What the teacher says of each clip, ``(B, C)``.
        wanted: Share of each class among the labelled clips, ``(C,)``.
        found: Share of each class in what the teacher said lately, ``(C,)``.

    Example:
        >>> said = torch.tensor([[0.6, 0.4]])
        >>> align(said, torch.tensor([0.5, 0.5]), torch.tensor([0.75, 0.25])).round(decimals=3)
        tensor([[0.3330, 0.6670]])

    Reference:
        D. Berthelot et al., "ReMixMatch: semi-supervised learning with distribution matching and
        augmentation anchoring", ICLR 2020. https://arxiv.org/abs/1911.09785
    """
    moved = posterior * wanted / found.clamp(min=1e-6)
    return moved / moved.sum(dim=1, keepdim=True)
