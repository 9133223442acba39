"""Attention weights and statistics over real frames only."""

import torch

from ser.models.pooling import AttentionPooling, StatisticsPooling


def test_weights_are_zero_on_padding_and_sum_to_one():
    """Each head is a distribution over the real frames."""
    torch.manual_seed(0)
    weights = AttentionPooling(4, heads=3).weigh(torch.randn(2, 5, 4), torch.tensor([5, 2]))
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(2, 3))
    assert not weights[1, 2:].any()


def test_a_clip_of_one_state_is_that_state_with_no_deviation():
    """Every head returns the state itself, and the deviation is at its floor."""
    state = torch.randn(1, 1, 4)
    vector = AttentionPooling(4, heads=2)(state, torch.tensor([1]))
    torch.testing.assert_close(vector[0, :8], state[0, 0].repeat(2))
    assert vector[0, 8:].abs().max() <= 1e-3


def test_constant_states_keep_gradients_finite():
    """The square root of a zero variance does not give NaN gradients."""
    states = torch.ones(1, 6, 4, requires_grad=True)
    AttentionPooling(4, heads=2)(states, torch.tensor([6])).sum().backward()
    assert torch.isfinite(states.grad).all()


def test_deviation_can_be_left_out():
    """Without it the vector holds the heads alone."""
    pooling = AttentionPooling(4, heads=2, with_deviation=False)
    assert pooling(torch.randn(3, 5, 4), torch.tensor([5, 4, 1])).shape == (3, pooling.size)
    assert pooling.size == 8


def test_statistics_are_those_of_the_real_frames():
    """Mean, maximum and population deviation of each clip by itself."""
    states, lengths = torch.randn(3, 6, 4), torch.tensor([6, 3, 1])
    found = StatisticsPooling(4)(states, lengths)
    for row, length in enumerate(lengths):
        real = states[row, :length]
        deviation = real.std(dim=0, correction=0).clamp(min=1e-3)
        expected = torch.cat([real.mean(dim=0), real.amax(dim=0), deviation])
        torch.testing.assert_close(found[row], expected)


def test_statistics_of_constant_states_keep_gradients_finite():
    """The square root of a zero variance does not give NaN gradients."""
    states = torch.ones(1, 6, 4, requires_grad=True)
    StatisticsPooling(4)(states, torch.tensor([4])).sum().backward()
    assert torch.isfinite(states.grad).all()


def test_statistics_without_deviation_are_mean_and_maximum():
    """The vector says its size."""
    pooling = StatisticsPooling(4, with_deviation=False)
    assert pooling(torch.randn(2, 5, 4), torch.tensor([5, 1])).shape == (2, pooling.size)
    assert pooling.size == 8
