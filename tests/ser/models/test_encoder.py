"""Stacked convolutions over true lengths."""

import pytest
import torch

from ser.models.convolution import ConvolutionBlock, ResidualBlock
from ser.models.encoder import ConvolutionEncoder


@pytest.fixture
def encoder() -> ConvolutionEncoder:
    """Return a small encoder in evaluation mode that makes one frame of four."""
    torch.manual_seed(0)
    return ConvolutionEncoder(8, channels=(4, 6), time_pools=(2, 2), dropout=0.1).eval()


@pytest.mark.parametrize(("frames", "pooled"), [(1, 1), (3, 1), (4, 1), (7, 1), (8, 2), (9, 2)])
def test_pooled_length_is_the_floor_and_at_least_one(encoder, frames, pooled):
    """F frames give max(1, F // 4) states."""
    states, lengths = encoder(torch.randn(1, frames, 8), torch.tensor([frames]))
    assert lengths.tolist() == [pooled]
    assert states.shape == (1, pooled, encoder.size)


def test_padded_states_are_zero(encoder):
    """Whatever lies in the padding, the states after the end of a clip are zero."""
    states, lengths = encoder(torch.full((2, 16, 8), 9.0), torch.tensor([16, 5]))
    assert lengths.tolist() == [4, 1]
    assert not states[1, 1:].any()


def test_the_first_block_is_a_plain_convolution_whatever_the_others_are():
    """One channel has nothing to separate."""
    encoder = ConvolutionEncoder(
        8, channels=(4, 6), time_pools=(2, 2), separable=True, residual=True
    )
    assert [type(block) for block in encoder.blocks] == [ConvolutionBlock, ResidualBlock]
    assert isinstance(encoder.blocks[0].convolution, torch.nn.Conv2d)
    assert isinstance(encoder.blocks[1].convolution, torch.nn.Sequential)
