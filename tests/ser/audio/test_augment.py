"""Augmentation varies what it should, within bounds, and repeatably."""

import numpy as np
import pytest
import torch

from ser.audio.augment import spec_augment, speed_perturb
from ser.errors import ConfigurationError

LENGTHS = torch.tensor([100, 60, 1, 37])


def generator(seed=0):
    """Return a seeded generator."""
    return torch.Generator().manual_seed(seed)


def masked(seed=0, **parameters):
    """Return which values of a batch were masked, ``(B, F, D)``."""
    return spec_augment(torch.ones(4, 100, 16), LENGTHS, generator(seed), **parameters) == 0


@pytest.mark.parametrize("factor", [0.9, 1.1, 0.5, 2.0])
def test_speed_moves_pitch_and_length(factor):
    """A 400 Hz tone becomes one of 400 · factor Hz and 1 / factor as long."""
    tone = np.sin(2 * np.pi * 400 * np.arange(16000) / 16000).astype(np.float32)
    changed = speed_perturb([tone], factor)[0]
    peak_hz = np.abs(np.fft.rfft(changed)).argmax() * 16000 / len(changed)
    assert peak_hz == pytest.approx(400 * factor, abs=2)
    assert len(changed) == int(np.ceil(16000 / round(factor, 2)))


def test_speed_takes_stored_waveforms():
    """Int16 waveforms are varied like their float values; speed 1 changes nothing."""
    stored = np.array([16384, -16384, 0, 100], np.int16)
    np.testing.assert_array_equal(speed_perturb([stored], 1.0)[0], stored / 32768)


def test_speed_out_of_range_is_refused():
    """A speed of zero is no speed."""
    with pytest.raises(ConfigurationError, match=r"`factor` must lie in 0\.5 … 2, but got 0"):
        speed_perturb([], 0)


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
