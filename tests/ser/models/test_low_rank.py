"""Adapters begin as nothing, and only they learn."""

import copy

import torch
from torch import nn

from ser.models.low_rank import LowRank, adapters_of, add_adapters


class Attention(nn.Module):
    """Projections by the names that encoders give them."""

    def __init__(self) -> None:
        super().__init__()
        self.q_proj = nn.Linear(6, 4)
        self.gate = nn.Linear(6, 4)


def test_a_new_adapter_changes_nothing_bit_for_bit():
    """The product of its matrices is zero."""
    weight = torch.randn(4, 6)
    assert torch.equal(LowRank(4, 6, 2)(weight), weight)


def test_the_weight_becomes_what_was_there_and_the_product():
    """Whoever takes the weight, or calls the layer, meets the sum."""
    part = Attention()
    before = part.q_proj.weight.detach().clone()
    add_adapters(part, 2)
    up, down = torch.randn(4, 2), torch.randn(2, 6)
    adapter = part.q_proj.parametrizations.weight[0]
    with torch.no_grad():
        adapter.up.copy_(up)
        adapter.down.copy_(down)
    torch.testing.assert_close(part.q_proj.weight, before + up @ down)
    clip = torch.randn(3, 6)
    expected = clip @ (before + up @ down).T + part.q_proj.bias
    torch.testing.assert_close(part.q_proj(clip), expected)


def test_projections_of_attention_are_adapted_and_nothing_else():
    """Two narrow matrices each."""
    part = Attention()
    add_adapters(part, 2)
    assert sum(weight.numel() for weight in adapters_of(part)) == 2 * (4 + 6)
    assert isinstance(part.gate.weight, nn.Parameter)


def test_a_copy_has_adapters_of_its_own():
    """As a moving average of the weights needs it."""
    part = Attention()
    add_adapters(part, 1)
    twin = copy.deepcopy(part)
    with torch.no_grad():
        twin.q_proj.parametrizations.weight[0].up.fill_(1.0)
    assert not torch.equal(twin.q_proj.weight, part.q_proj.weight)
