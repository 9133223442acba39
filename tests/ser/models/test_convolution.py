"""Convolution blocks: what each choice computes, and that padding stays out."""

import pytest
import torch
from torch.nn import functional

from ser.models.convolution import (
    ConvolutionBlock,
    ResidualBlock,
    SqueezeExcitation,
    make_convolution,
    map_mask,
)

LENGTHS = torch.tensor([9, 4])


@pytest.fixture
def maps() -> torch.Tensor:
    """Return maps of two clips of 9 and 4 frames, zero on padding."""
    maps = torch.randn(2, 3, 9, 8, generator=torch.Generator().manual_seed(0))
    return maps * map_mask(LENGTHS, maps)


def test_a_separable_convolution_is_a_plain_one_with_a_product_for_a_kernel(maps):
    """The kernel from channel i to o is that of channel i times the weight from i to o."""
    torch.manual_seed(0)
    separable = make_convolution(3, 5, separable=True)
    depthwise, pointwise = (layer.weight for layer in separable)
    expected = functional.conv2d(maps, pointwise * depthwise.transpose(0, 1), padding=1)
    torch.testing.assert_close(separable(maps), expected)


@pytest.mark.parametrize("kind", [ConvolutionBlock, ResidualBlock])
@pytest.mark.parametrize("outputs", [3, 5])
@pytest.mark.parametrize("squeeze", [0, 2])
def test_blocks_pool_and_leave_the_padding_zero(kind, maps, outputs, squeeze):
    """9 and 4 frames in pairs make 4 and 2; 8 bands make 4."""
    block = kind(3, outputs, time_pool=2, band_pool=2, squeeze=squeeze)
    pooled, lengths = block(maps, LENGTHS)
    assert pooled.shape == (2, outputs, 4, 4)
    assert lengths.tolist() == [4, 2]
    assert not pooled[1, :, 2:].any()
    assert pooled[1, :, :2].any()


def test_a_residual_block_whose_branch_is_silent_passes_on_what_came_in(maps):
    """The shortcut is the pooled input itself where the channels are the same."""
    block = ResidualBlock(3, 3, time_pool=2, band_pool=2)
    torch.nn.init.zeros_(block.normalisation.weight)
    passed, _ = block(maps, LENGTHS)
    kept = functional.max_pool2d(maps, 2).relu()
    torch.testing.assert_close(passed[0], kept[0])
    torch.testing.assert_close(passed[1, :, :2], kept[1, :, :2])


def test_squeeze_excitation_scales_each_channel_by_one_number_per_clip(maps):
    """The number lies in (0, 1) and is the same in every frame and band."""
    torch.manual_seed(0)
    scaled = SqueezeExcitation(3, 1)(maps, map_mask(LENGTHS, maps))
    ratios = scaled[0] / maps[0]
    torch.testing.assert_close(ratios, ratios[:, :1, :1].expand_as(ratios))
    assert ((ratios > 0) & (ratios < 1)).all()


def test_squeeze_excitation_looks_at_real_frames_only(maps):
    """A clip gets the same scale without its padding, and with any other padding."""
    torch.manual_seed(0)
    layer = SqueezeExcitation(3, 1)
    noisy = torch.where(map_mask(LENGTHS, maps).bool(), maps, torch.tensor(1e3))
    alone = layer(maps[1:, :, :4], torch.ones(1, 1, 4, 1))
    together = layer(noisy, map_mask(LENGTHS, maps))
    torch.testing.assert_close(together[1:, :, :4], alone)
