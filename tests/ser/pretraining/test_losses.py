"""Contrastive losses against their definitions, sum by sum."""

import math

import pytest
import torch

from ser.pretraining.losses import contrast, same_labels, same_views


def random_similarities(views: int) -> torch.Tensor:
    """Return similarities that are the same in every run."""
    return torch.randn(views, views, generator=torch.Generator().manual_seed(0))


def test_with_one_positive_it_is_nt_xent():
    """ℓ(i, j) of SimCLR, averaged over all 2·N views."""
    clips = torch.tensor([0, 1, 2, 0, 1, 2])
    similarities = random_similarities(6)
    losses = []
    for i, j in zip(range(6), (3, 4, 5, 0, 1, 2), strict=True):
        among = sum(math.exp(similarities[i, k]) for k in range(6) if k != i)
        losses.append(-math.log(math.exp(similarities[i, j]) / among))
    found = contrast(similarities, same_views(clips), ~torch.eye(6, dtype=torch.bool))
    assert float(found) == pytest.approx(sum(losses) / 6, rel=1e-5)


def test_with_several_positives_it_is_supervised_contrast():
    """L_out of Khosla et al.; the view of the one class without another is left out."""
    labels = torch.tensor([0, 0, 0, 1, 1, 2])
    similarities = random_similarities(6)
    losses = []
    for i in range(5):
        among = sum(math.exp(similarities[i, k]) for k in range(6) if k != i)
        own = [p for p in range(6) if labels[p] == labels[i] and p != i]
        shares = [math.log(math.exp(similarities[i, p]) / among) for p in own]
        losses.append(-sum(shares) / len(own))
    others = ~torch.eye(6, dtype=torch.bool)
    found = contrast(similarities, same_labels(labels) & others, others)
    assert float(found) == pytest.approx(sum(losses) / 5, rel=1e-5)


def test_who_is_no_candidate_does_not_count():
    """Neither in the loss nor in its gradient."""
    similarities = random_similarities(4).requires_grad_()
    positives = torch.eye(4, dtype=torch.bool)
    candidates = torch.ones(4, 4, dtype=torch.bool)
    candidates[:, 3] = False
    contrast(similarities, positives, candidates).backward()
    assert similarities.grad[:3, 3].abs().max() == 0
    assert similarities.grad[:3, :3].abs().min() > 0


def test_without_positives_there_is_nothing_to_learn():
    """The loss is 0 and so is its gradient."""
    similarities = random_similarities(3).requires_grad_()
    nobody = torch.zeros(3, 3, dtype=torch.bool)
    loss = contrast(similarities, nobody, ~nobody)
    loss.backward()
    assert loss.item() == 0
    assert similarities.grad.abs().max() == 0


def test_unknown_labels_are_never_the_same():
    """Two clips without a label may be of any classes."""
    found = same_labels(torch.tensor([1, -1]), torch.tensor([1, -1, 0]))
    assert found.tolist() == [[True, False, False], [False, False, False]]
