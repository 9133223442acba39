"""Masks cover what they may, repeatably, as often as asked."""

import pytest
import torch

from ser.audio.augment.masks import mask_clips, spec_augment
from ser.audio.augment.record import Augmentation
from ser.errors import ConfigurationError

LENGTHS = torch.tensor([100, 60, 1, 37])


def generator(seed=0):
    """Return a seeded generator."""
    return torch.Generator().manual_seed(seed)


def masked(seed=0, **parameters):
    """Return which values of a batch were masked, ``(B, F, D)``."""
    return spec_augment(torch.ones(4, 100, 16), LENGTHS, generator(seed), **parameters) == 0


def test_masks_stay_within_the_true_length():
    """Padding is never touched."""
    hit = masked(max_time_share=1.0, max_bands=16)
    for row, length in enumerate(LENGTHS):
        assert not hit[row, length:].any()


def test_masks_are_repeatable_and_differ_by_clip():
    """The same seed gives the same masks; clips and seeds differ."""
    assert torch.equal(masked(1), masked(1))
    assert not torch.equal(masked(1), masked(2))
    assert not torch.equal(masked(1)[0, :37], masked(1)[3, :37])


@pytest.mark.parametrize("seed", range(20))
def test_mask_sizes_are_bounded(seed):
    """One time mask covers at most its share, one band mask at most its bands."""
    time = masked(seed, time_masks=1, band_masks=0, max_time_share=0.2, max_frames=15)
    assert (time.all(dim=2).sum(dim=1) <= torch.tensor([15, 12, 0, 7])).all()
    bands = masked(seed, time_masks=0, max_bands=3, band_masks=1)
    assert bands[0].all(dim=0).sum() <= 3


def test_every_width_and_place_occurs():
    """Widths 0 … 2 of one band mask are about equally frequent; 5 σ of 3,000 draws is 130."""
    batch = torch.ones(3000, 1, 16)
    lengths = torch.ones(3000, dtype=torch.int64)
    hit = spec_augment(batch, lengths, generator(), time_masks=0, band_masks=1, max_bands=2) == 0
    counts = torch.bincount(hit[:, 0].sum(dim=1), minlength=3)
    assert (counts - 1000).abs().max() < 130
    assert hit.any(dim=0).all()


def test_input_is_untouched_and_fill_is_written():
    """The batch given stays as it was; the copy holds the fill value."""
    batch = torch.ones(4, 100, 16)
    changed = spec_augment(batch, LENGTHS, generator(), fill=-13.5)
    assert (batch == 1).all()
    assert set(changed.unique().tolist()) == {1.0, -13.5}


@pytest.mark.parametrize(
    ("shape", "parameters", "message"),
    [
        ((4, 100), {}, r"`features` must be \(B, F, D\)"),
        ((3, 100, 16), {}, r"`lengths` \(B,\), but got \(3, 100, 16\) and \(4,\)"),
        ((4, 100, 16), {"max_bands": 17}, "`max_bands` ≤ D = 16"),
        ((4, 100, 16), {"time_masks": -1}, "must be ≥ 0"),
        ((4, 100, 16), {"max_time_share": 1.5}, "`max_time_share` in 0 … 1"),
    ],
    ids=["2-D", "lengths", "bands", "negative", "share"],
)
def test_bad_masks_are_refused(shape, parameters, message):
    """Shapes and ranges that do not fit are named."""
    with pytest.raises(ConfigurationError, match=message):
        spec_augment(torch.ones(shape), LENGTHS, generator(), **parameters)


def test_about_as_many_clips_are_masked_as_asked():
    """Half of 400 clips, give or take 5 σ of 10; the others keep every bit."""
    batch, lengths = torch.ones(400, 50, 16), torch.full((400,), 50)
    settings = Augmentation(masks=0.5, masked_time_share=0.5, masked_band_share=0.5)
    masked = (mask_clips(batch, lengths, settings, generator()) == 0).flatten(1).any(dim=1)
    assert abs(int(masked.sum()) - 200) < 50


def test_shares_bound_the_masks():
    """Two masks of at most a tenth each leave at least 80 % of the bands."""
    batch, lengths = torch.ones(50, 100, 20), torch.full((50,), 100)
    settings = Augmentation(masks=1.0, masked_time_share=0.0)
    masked = mask_clips(batch, lengths, settings, generator()) == 0
    assert masked.all(dim=1).sum(dim=1).max() == 4
