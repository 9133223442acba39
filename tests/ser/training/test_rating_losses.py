"""The loss of ratings against the metric and the bare formula."""

import numpy as np
import pytest
import torch

from ser.metrics.ratings import concordance_correlation
from ser.training.rating_losses import concordance_loss


@pytest.fixture
def truth() -> torch.Tensor:
    """Return ratings of 10 clips in 3 dimensions, three of them unknown."""
    ratings = torch.randn(10, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    ratings[0, 0] = ratings[4, 1] = ratings[5, 1] = torch.nan
    return 3 + ratings


@pytest.fixture
def ratings() -> torch.Tensor:
    """Return what a network might say."""
    noise = torch.randn(10, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return 2 + 0.5 * noise


def test_it_is_one_minus_the_mean_of_the_metric_over_known_ratings(ratings, truth):
    """Each dimension leaves its own unknown clips out."""
    known = ~truth.isnan().numpy()
    scores = [
        concordance_correlation(truth.numpy()[rows, d], ratings.numpy()[rows, d])
        for d, rows in enumerate(known.T)
    ]
    assert concordance_loss(ratings, truth).item() == pytest.approx(1 - np.mean(scores))


def test_integer_weights_repeat_clips(ratings, truth):
    """A clip of weight 3 counts as three clips."""
    repeats = torch.tensor([1, 2, 3, 1, 1, 0, 2, 1, 1, 4])
    weighted = concordance_loss(ratings, truth, repeats.double())
    rows = torch.repeat_interleave(torch.arange(10), repeats)
    torch.testing.assert_close(weighted, concordance_loss(ratings[rows], truth[rows]))


def test_unknown_ratings_receive_no_gradient_and_others_a_finite_one(ratings, truth):
    """NaN in the truth stays out of the weights of the network."""
    scores = ratings.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(concordance_loss(scores, truth), scores)
    assert torch.equal(gradient == 0, truth.isnan())


def test_a_dimension_with_one_known_clip_is_left_out(ratings, truth):
    """One clip cannot agree or disagree."""
    lonely = truth.clone()
    lonely[1:, 2] = torch.nan
    expected = concordance_loss(ratings[:, :2], truth[:, :2])
    torch.testing.assert_close(concordance_loss(ratings, lonely), expected)


def test_a_batch_without_known_ratings_costs_nothing(ratings, truth):
    """Loss and gradient are 0."""
    scores = ratings.clone().requires_grad_()
    loss = concordance_loss(scores, torch.full_like(truth, torch.nan))
    (gradient,) = torch.autograd.grad(loss, scores)
    assert loss == 0
    assert not gradient.any()


def test_a_batch_in_which_nothing_varies_stays_finite():
    """Equal ratings on both sides leave nothing to divide by."""
    scores = torch.full((4, 1), 2.0, requires_grad=True)
    loss = concordance_loss(scores, torch.full((4, 1), 2.0))
    (gradient,) = torch.autograd.grad(loss, scores)
    assert loss.isfinite()
    assert gradient.isfinite().all()
