"""Self-attention over real frames only."""

import pytest
import torch
from torch import nn

from ser.models.attention import SelfAttention
from ser.models.masking import valid_frames

LENGTHS = torch.tensor([7, 2, 1])


@pytest.fixture
def layer() -> SelfAttention:
    """Return a layer of two heads over states of six numbers."""
    torch.manual_seed(0)
    return SelfAttention(6, heads=2)


def test_it_adds_what_the_attention_of_torch_gathers(layer):
    """The same weights in torch's own layer, padding masked, give the same states."""
    theirs = nn.MultiheadAttention(6, 2, batch_first=True)
    theirs.in_proj_weight, theirs.in_proj_bias = layer.projection.weight, layer.projection.bias
    theirs.out_proj = layer.output
    states = torch.randn(3, 7, 6)
    normalised = layer.normalisation(states)
    gathered, _ = theirs(
        normalised, normalised, normalised, key_padding_mask=~valid_frames(LENGTHS, 7)
    )
    torch.testing.assert_close(layer(states, LENGTHS), states + gathered)


def test_a_single_frame_attends_to_itself(layer):
    """What is added is its own value, whatever lies in the padding."""
    states = torch.randn(3, 7, 6)
    value = layer.projection(layer.normalisation(states[2, 0]))[12:]
    found = layer(states, LENGTHS)[2, 0]
    torch.testing.assert_close(found, states[2, 0] + layer.output(value))


def test_the_order_of_the_frames_does_not_matter(layer):
    """Order is the business of the layers below."""
    states, order = torch.randn(1, 7, 6), torch.randperm(7)
    lengths = torch.tensor([7])
    torch.testing.assert_close(layer(states[:, order], lengths), layer(states, lengths)[:, order])
