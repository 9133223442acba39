"""Losses of several tasks together."""

import pytest
import torch

from ser.models.network import NetworkOutput
from ser.training.dataset import Targets
from ser.training.losses import cross_entropy
from ser.training.objective import Objective
from ser.training.rating_losses import concordance_loss


@pytest.fixture
def output() -> NetworkOutput:
    """Return what a network might say about 8 clips."""
    draw = torch.Generator().manual_seed(0)
    return NetworkOutput(
        logits=torch.randn(8, 3, generator=draw),
        ratings=torch.randn(8, 2, generator=draw),
        embeddings=torch.zeros(8, 4),
    )


@pytest.fixture
def targets() -> Targets:
    """Return one-hot targets, random ratings and weights."""
    draw = torch.Generator().manual_seed(1)
    posterior = torch.eye(3)[torch.arange(8) % 3]
    return Targets(posterior, torch.randn(8, 2, generator=draw), torch.linspace(0.5, 1.5, 8))


def test_a_task_alone_has_its_own_loss(output, targets):
    """Nothing is added and nothing else is trained."""
    categories, ratings = Objective(cross_entropy, ratings=False), Objective(None, ratings=True)
    expected = cross_entropy(output.logits, targets.posterior, targets.weights)
    torch.testing.assert_close(categories(output, targets), expected)
    expected = concordance_loss(output.ratings, targets.ratings, targets.weights)
    torch.testing.assert_close(ratings(output, targets), expected)
    assert not list(categories.parameters()) + list(ratings.parameters())


def test_tasks_are_weighed_by_their_uncertainty(output, targets):
    """The formula of Kendall et al. with s = (0.4, −0.3)."""
    objective = Objective(cross_entropy, ratings=True)
    objective.log_variances.data = torch.tensor([0.4, -0.3])
    first = cross_entropy(output.logits, targets.posterior, targets.weights)
    second = concordance_loss(output.ratings, targets.ratings, targets.weights)
    expected = first / 1.4918247 + 0.5 * second * 1.3498588 + 0.5 * (0.4 - 0.3)
    torch.testing.assert_close(objective(output, targets), expected)


def test_uncertainties_settle_at_the_losses(output, targets):
    """At the optimum s₁ = log 2 L₁ and s₂ = log L₂: hard tasks get less to say."""
    objective = Objective(cross_entropy, ratings=True)
    optimiser = torch.optim.LBFGS(objective.parameters(), max_iter=100)

    def close() -> torch.Tensor:
        optimiser.zero_grad()
        loss = objective(output, targets)
        loss.backward()
        return loss

    optimiser.step(close)
    first = cross_entropy(output.logits, targets.posterior, targets.weights)
    second = concordance_loss(output.ratings, targets.ratings, targets.weights)
    expected = torch.stack([2 * first, second]).log()
    torch.testing.assert_close(objective.log_variances.data, expected, atol=1e-3, rtol=0)


def test_half_precision_outputs_are_judged_in_single_precision(output, targets):
    """Sums over a batch would be rounded."""
    coarse = NetworkOutput(output.logits.half(), output.ratings.half(), output.embeddings)
    assert Objective(cross_entropy, ratings=True)(coarse, targets).dtype == torch.float32
