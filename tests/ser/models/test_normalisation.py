"""Normalisation that leaves padding out."""

import pytest
import torch

from ser.errors import ConfigurationError
from ser.models.convolution import map_mask
from ser.models.normalisation import BandNormalisation, MaskedBatchNorm, centre_clips


def test_band_statistics_bring_the_training_frames_to_mean_0_and_deviation_1():
    """Frames with the stored statistics come out standardised."""
    frames = torch.randn(500, 3, generator=torch.Generator().manual_seed(0)) * 4 - 7
    layer = BandNormalisation(3)
    layer.set_statistics(frames.mean(0), frames.std(0, correction=0))
    normalised = layer(frames)
    assert normalised.mean(0).abs().max() < 1e-5
    assert (normalised.std(0, correction=0) - 1).abs().max() < 1e-5


def test_a_constant_band_is_centred_and_stays_finite():
    """A band without any deviation becomes 0, not infinity."""
    layer = BandNormalisation(1)
    layer.set_statistics(torch.tensor([5.0]), torch.tensor([0.0]))
    assert layer(torch.tensor([[5.0]])).item() == 0.0


def test_statistics_of_another_number_of_bands_are_refused():
    """The message names the shapes."""
    with pytest.raises(ConfigurationError, match=r"`mean` and `deviation` .*\(2,\).*\(3,\)"):
        BandNormalisation(2).set_statistics(torch.zeros(3), torch.ones(3))


def test_centred_clips_have_a_flat_mean_spectrum_and_their_own_level():
    """A microphone that colours the sound changes nothing; padding is not counted."""
    clips = torch.randn(2, 9, 5, generator=torch.Generator().manual_seed(0))
    lengths = torch.tensor([9, 4])
    clips[1, 4:] = 1e4
    centred = centre_clips(clips, lengths)
    for clip, before, frames in zip(centred, clips, lengths, strict=True):
        level = before[:frames].mean()
        torch.testing.assert_close(clip[:frames].mean(dim=0), level.expand(5))
    colour = torch.tensor([-2.0, 1, 0, 3, -2])
    coloured = centre_clips(clips + colour, lengths)
    torch.testing.assert_close(coloured[0], centred[0])
    torch.testing.assert_close(coloured[1, :4], centred[1, :4])


def test_without_padding_it_equals_the_batch_norm_of_torch():
    """Outputs, gradients and running means agree with torch's own layer."""
    maps = torch.randn(3, 4, 6, 5, generator=torch.Generator().manual_seed(1)) + 2
    ours, theirs = MaskedBatchNorm(4), torch.nn.BatchNorm2d(4)
    mine, reference = maps.clone().requires_grad_(), maps.clone().requires_grad_()
    weights = torch.randn(maps.shape, generator=torch.Generator().manual_seed(2))
    (ours(mine, torch.ones(3, 1, 6, 1)) * weights).sum().backward()
    (theirs(reference) * weights).sum().backward()
    torch.testing.assert_close(mine.grad, reference.grad, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(ours.running_mean, theirs.running_mean)


def test_padding_never_changes_the_statistics_of_a_training_batch():
    """Real frames come out the same with and without padded frames of any value."""
    maps = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(3))
    padded = torch.cat([maps, torch.full((2, 3, 6, 5), 1e3)], dim=2)
    mask = (torch.arange(10) < 4).float()[None, None, :, None].expand(2, 1, 10, 1)
    alone = MaskedBatchNorm(3)(maps, torch.ones(2, 1, 4, 1))
    together = MaskedBatchNorm(3)(padded, mask)
    torch.testing.assert_close(together[:, :, :4], alone, atol=1e-5, rtol=1e-5)


def test_half_precision_maps_are_summed_in_single_precision():
    """Thousands of numbers per channel neither overflow float16 nor lose their count."""
    maps = (torch.randn(4, 2, 400, 32, generator=torch.Generator().manual_seed(4)) + 3).half()
    lengths = torch.tensor([400, 399, 300, 77])
    half, single = MaskedBatchNorm(2), MaskedBatchNorm(2)
    half(maps, map_mask(lengths, maps))
    single(maps.float(), map_mask(lengths, maps.float()))
    torch.testing.assert_close(half.running_mean, single.running_mean)
    torch.testing.assert_close(half.running_variance, single.running_variance)
