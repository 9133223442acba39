"""Losses against torch's own and the bare formulas."""

from functools import partial

import pytest
import torch
from torch.nn import functional

from ser.errors import ConfigurationError
from ser.training.losses import (
    balance_classes,
    build_loss,
    class_weighted,
    cross_entropy,
    focal,
    soft_label,
)


@pytest.fixture
def logits() -> torch.Tensor:
    """Return random float64 scores of 12 clips and 4 classes."""
    return torch.randn(12, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 3


@pytest.fixture
def posterior() -> torch.Tensor:
    """Return random target posteriors, one of them with zeros."""
    generator = torch.Generator().manual_seed(1)
    rows = torch.randn(12, 4, generator=generator, dtype=torch.float64).softmax(dim=1)
    rows[0] = torch.tensor([0.5, 0.5, 0.0, 0.0])
    return rows


@pytest.fixture
def hard() -> torch.Tensor:
    """Return one-hot targets."""
    numbers = torch.randint(4, (12,), generator=torch.Generator().manual_seed(2))
    return functional.one_hot(numbers, 4).double()


def test_cross_entropy_equals_that_of_torch(logits, posterior):
    """Soft targets are those of torch's own function."""
    expected = functional.cross_entropy(logits, posterior)
    torch.testing.assert_close(cross_entropy(logits, posterior), expected)


def test_class_weighted_equals_that_of_torch_on_hard_targets(logits, hard):
    """Weights divide out as in torch's CrossEntropyLoss(weight)."""
    weights = torch.tensor([0.3, 1.0, 2.0, 5.0], dtype=torch.float64)
    expected = functional.cross_entropy(logits, hard.argmax(dim=1), weight=weights)
    torch.testing.assert_close(class_weighted(logits, hard, class_weights=weights), expected)


def test_class_weighted_follows_the_formula_on_soft_targets(logits, posterior):
    """The bare double sum over clips and classes."""
    weights = [0.3, 1.0, 2.0, 5.0]
    log_p = logits.softmax(dim=1).log()
    cells = [(b, c, weights[c] * posterior[b, c]) for b in range(12) for c in range(4)]
    expected = -sum(w * log_p[b, c] for b, c, w in cells) / sum(w for *_, w in cells)
    found = class_weighted(logits, posterior, class_weights=torch.tensor(weights).double())
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("gamma", [0.5, 2.0, 5.0])
def test_focal_follows_the_formula_on_hard_targets(logits, hard, gamma):
    """−(1 − p)^γ log p of the true class, averaged over clips."""
    p = (logits.softmax(dim=1) * hard).sum(dim=1)
    expected = -((1 - p) ** gamma * p.log()).mean()
    torch.testing.assert_close(focal(logits, hard, gamma=gamma), expected)


def test_focal_with_a_posterior_is_the_expected_loss_of_its_labels(logits, posterior):
    """Soft targets weigh the hard losses of each class."""
    expected = torch.zeros((), dtype=torch.float64)
    for name in range(4):
        label = functional.one_hot(torch.full((12,), name), 4).double()
        each = torch.stack([focal(logits[b : b + 1], label[b : b + 1]) for b in range(12)])
        expected = expected + (posterior[:, name] * each).mean()
    torch.testing.assert_close(focal(logits, posterior), expected)


def test_focal_without_focus_is_the_cross_entropy(logits, posterior):
    """γ = 0 removes the modulation."""
    torch.testing.assert_close(
        focal(logits, posterior, gamma=0.0), cross_entropy(logits, posterior)
    )


def test_focal_stays_finite_on_certain_predictions(hard):
    """Loss and gradient are finite when p rounds to 0 and to 1."""
    scores = (hard * 200 - 100).float().requires_grad_()
    for target in (hard.float(), hard.float().roll(1, dims=1)):
        loss = focal(scores, target, gamma=0.5)
        (gradient,) = torch.autograd.grad(loss, scores)
        assert torch.isfinite(loss)
        assert torch.isfinite(gradient).all()


def test_soft_label_equals_the_divergence_of_torch(logits, posterior):
    """Torch's kl_div, batchmean, zeros in the target included."""
    log_p = logits.log_softmax(dim=1)
    expected = functional.kl_div(log_p, posterior, reduction="batchmean")
    torch.testing.assert_close(soft_label(logits, posterior), expected)


def test_soft_label_is_zero_where_the_model_reproduces_the_votes(posterior):
    """The minimum lies at the posterior."""
    loss = soft_label((posterior + 1e-300).log(), posterior)
    assert loss.abs() < 1e-12


def test_balanced_classes_have_equal_total_weight(hard):
    """w_c · n_c is the same for every class and the mean weight of a clip is 1."""
    targets = torch.cat([hard, hard[:5], torch.eye(4, dtype=torch.float64)])
    totals = balance_classes(targets) * targets.sum(dim=0)
    torch.testing.assert_close(totals, torch.full((4,), len(targets) / 4).double())


def test_a_class_without_clips_gets_no_weight_and_takes_none_from_the_others():
    """Its weight would be infinite, and a growing label set may not have met it yet."""
    weights = balance_classes(torch.tensor([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]))
    assert weights.tolist() == [0.75, 0.0, 1.5]


@pytest.mark.parametrize("name", ["cross_entropy", "class_weighted", "focal", "soft_label"])
def test_every_named_loss_falls_towards_its_target(name, logits, hard):
    """A step against the gradient lowers the loss."""
    targets = torch.cat([hard, torch.eye(4, dtype=torch.float64)])
    loss = build_loss(name, targets)
    scores = logits.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(scores, hard), scores)
    assert loss(logits - 0.1 * gradient, hard) < loss(logits, hard)


def test_unknown_losses_are_refused():
    """The message lists the known ones."""
    with pytest.raises(ConfigurationError, match=r"one of .*focal.*, but got `hinge`"):
        build_loss("hinge", torch.eye(2))


LOSSES = {
    "cross_entropy": cross_entropy,
    "class_weighted": partial(class_weighted, class_weights=torch.tensor([0.3, 1, 2, 5]).double()),
    "focal": focal,
    "soft_label": soft_label,
}


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "class_weighted"])
def test_weights_of_clips_multiply_their_losses(name, logits, posterior):
    """The mean of w_b times the loss of clip b alone."""
    weights = torch.linspace(0, 2, 12, dtype=torch.float64)
    loss = LOSSES[name]
    each = torch.stack([loss(logits[b : b + 1], posterior[b : b + 1]) for b in range(12)])
    torch.testing.assert_close(loss(logits, posterior, weights), (weights * each).mean())


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_equal_weights_change_nothing_and_a_clip_without_weight_teaches_nothing(
    loss, logits, posterior
):
    """Weights of 1 are no weights, and a weight of 0 stops the gradient of its clip alone."""
    ones = torch.ones(12, dtype=torch.float64)
    torch.testing.assert_close(loss(logits, posterior, ones), loss(logits, posterior))
    ones[3] = 0
    scores = logits.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(scores, posterior, ones), scores)
    assert (gradient.abs().sum(dim=1) == 0).tolist() == [b == 3 for b in range(12)]


def test_classes_are_balanced_by_their_effective_number_of_clips(hard):
    """(1 − β) / (1 − β^n), scaled so that the mean weight of a clip is 1."""
    targets = torch.cat([hard, torch.eye(4, dtype=torch.float64)])
    counts = targets.sum(dim=0)
    expected = torch.tensor([(1 - 0.9) / (1 - 0.9**n) for n in counts.tolist()]).double()
    found = balance_classes(targets, beta=0.9)
    torch.testing.assert_close(found / found[0], expected / expected[0])
    assert (found * counts).sum() / len(targets) == pytest.approx(1.0)


def test_balance_grows_with_beta():
    """From equal weights of clips to equal weights of classes."""
    targets = torch.eye(2)[[0] * 9 + [1]]
    ratios = [balance_classes(targets, beta=b) for b in (0.0, 0.9, 0.999999, 1.0)]
    rare = [float(weights[1] / weights[0]) for weights in ratios]
    assert rare[0] == 1
    assert rare == sorted(rare)
    assert rare[2:] == pytest.approx([9, 9], rel=1e-2)
