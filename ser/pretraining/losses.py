"""Contrastive losses: which of the other views belongs to this one?"""

import torch
from torch import Tensor


def contrast(similarities: Tensor, positives: Tensor, candidates: Tensor) -> Tensor:
    """Return how badly views find their own among others, a scalar.

    ``−mean over anchors a of mean over p ∈ P(a) of log (exp s_ap / Σ_c exp s_ac)``, where c runs
    over the candidates and positives of a. Anchors without a positive are left out. With one
    positive each it is NT-Xent (SimCLR) or the multi-class loss of COLA, with several the
    supervised contrastive loss whose mean over positives is outside of the logarithm.

    Args:
        similarities: s, of each anchor to each view, ``(A, V)``.
        positives: Which views an anchor should find, boolean ``(A, V)``.
        candidates: Which views it has to find them among, boolean ``(A, V)``.

    Example:
        >>> similarities = torch.tensor([[0.0, 0.0, 5.0]])
        >>> positives = torch.tensor([[True, False, False]])
        >>> float(contrast(similarities, positives, torch.tensor([[True, True, False]])).exp())
        2.0

    Reference:
        T. Chen et al., "A simple framework for contrastive learning of visual representations",
        ICML 2020, https://arxiv.org/abs/2002.05709; A. Saeed, D. Grangier and N. Zeghidour,
        "Contrastive learning of general-purpose audio representations", ICASSP 2021,
        https://arxiv.org/abs/2010.10915; P. Khosla et al., "Supervised contrastive learning",
        NeurIPS 2020, https://arxiv.org/abs/2004.11362
    """
    count = positives.sum(dim=1)
    anchors = count > 0
    if not anchors.any():
        return similarities.sum() * 0.0
    similarities, positives = similarities[anchors], positives[anchors]
    among = similarities.masked_fill(~(candidates[anchors] | positives), -torch.inf)
    log_share = similarities - among.logsumexp(dim=1, keepdim=True)
    return -((log_share * positives).sum(dim=1) / count[anchors]).mean()


def same_views(clips: Tensor) -> Tensor:
    """Return which views are others of the same clip, boolean ``(V, V)``.

    Args:
        clips: Which clip each view is of, ``(V,)``.

    Example:
        >>> same_views(torch.tensor([3, 5, 3])).tolist()
        [[False, False, True], [False, False, False], [True, False, False]]
    """
    return (clips[:, None] == clips) & ~torch.eye(len(clips), dtype=torch.bool).to(clips.device)


def same_labels(labels: Tensor, others: Tensor | None = None) -> Tensor:
    """Return which clips are known to be of the same class, boolean ``(V, W)``.

    Args:
        labels: Class numbers, −1 where unknown, ``(V,)``.
        others: The same of the clips they are compared with, ``(W,)``; themselves by default.

    Example:
        >>> same_labels(torch.tensor([0, -1, 0, -1])).int().tolist()[:2]
        [[1, 0, 1, 0], [0, 0, 0, 0]]
    """
    others = labels if others is None else others
    return (labels[:, None] == others) & (labels >= 0)[:, None]
