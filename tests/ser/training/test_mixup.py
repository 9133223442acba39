"""Blends of clips: what they hold, how long they are, what they should be judged as."""

import numpy as np
import pytest
import torch

from ser.training.dataset import Targets
from ser.training.mixup import mix_clips

LENGTHS = torch.tensor([7, 3, 5, 6])


@pytest.fixture
def features() -> torch.Tensor:
    """Return clips whose padding would be seen in any blend."""
    batch = torch.randn(4, 7, 2, generator=torch.Generator().manual_seed(0))
    batch[torch.arange(7) >= LENGTHS[:, None]] = 1e6
    return batch


@pytest.fixture
def targets() -> Targets:
    """Return posteriors, ratings of which one is unknown, and weights."""
    ratings = torch.tensor([[1.0], [2.0], [torch.nan], [4.0]])
    return Targets(torch.eye(4), ratings, torch.tensor([1.0, 2.0, 0.5, 0.5]))


def test_blends_follow_the_formula(features, targets):
    """λ x_i + (1 − λ) x_j with j read over and over, and the targets alike."""
    mixed, wanted = mix_clips(
        features, LENGTHS, targets, alpha=1.0, generator=np.random.default_rng(1)
    )
    rng = np.random.default_rng(1)
    shares = [max(share, 1 - share) for share in rng.beta(1, 1, 4)]
    for i, (j, share) in enumerate(zip(rng.permutation(4), shares, strict=True)):
        for frame in range(LENGTHS[i]):
            other = features[j, frame % LENGTHS[j]]
            torch.testing.assert_close(
                mixed[i, frame], (share * features[i, frame] + (1 - share) * other).float()
            )
        expected = share * torch.eye(4)[i] + (1 - share) * torch.eye(4)[j]
        torch.testing.assert_close(wanted.posterior[i], expected.float())
        weight = share * targets.weights[i] + (1 - share) * targets.weights[j]
        torch.testing.assert_close(wanted.weights[i], weight.float())
        rating = share * targets.ratings[i] + (1 - share) * targets.ratings[j]
        torch.testing.assert_close(wanted.ratings[i], rating.float(), equal_nan=True)


def test_padding_never_enters_a_real_frame(features, targets):
    """Whatever the draw."""
    rng = np.random.default_rng(2)
    is_real = torch.arange(7) < LENGTHS[:, None]
    for _ in range(20):
        mixed, _ = mix_clips(features, LENGTHS, targets, alpha=0.5, generator=rng)
        assert mixed[is_real].abs().max() < 100


def test_the_clip_itself_leads(features, targets):
    """Its share is at least a half, since the blend has its length."""
    rng = np.random.default_rng(3)
    for _ in range(20):
        _, wanted = mix_clips(features, LENGTHS, targets, alpha=2.0, generator=rng)
        assert wanted.posterior.diagonal().min() >= 0.5
        torch.testing.assert_close(wanted.posterior.sum(dim=1), torch.ones(4))
