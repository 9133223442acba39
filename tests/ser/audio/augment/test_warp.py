"""Warped clips sound like other people: bands move, frames and padding stay."""

import numpy as np
import pytest
import torch

from ser.audio.augment.record import Augmentation
from ser.audio.augment.warp import warp_clips

CLIPS = torch.randn(6, 9, 16, generator=torch.Generator().manual_seed(0))


def warped(seed=0, clips=CLIPS, **settings):
    """Return clips warped as the settings say."""
    given = Augmentation(**{"warp": 1.0, **settings})
    return warp_clips(clips, given, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("factor", [0.8, 1.0, 1.25])
def test_bands_are_read_at_a_multiple_of_their_place(factor):
    """Against numpy's interpolation, frame by frame; the last band goes on."""
    found = warped(warp_factors=(factor, factor)).numpy()
    places = np.arange(16)
    expected = [np.interp(places * factor, places, frame) for frame in CLIPS.reshape(-1, 16)]
    np.testing.assert_allclose(found.reshape(-1, 16), expected, atol=1e-5)


def test_each_clip_draws_a_factor_of_its_own_within_the_range():
    """A ramp over the bands shows the factor; its logarithm is uniform."""
    ramp = torch.arange(16.0).expand(4000, 1, 16)
    factors = warped(clips=ramp, warp_factors=(0.5, 2.0))[:, 0, 1].log2().numpy()
    assert factors.min() >= -1.001
    assert factors.max() <= 1.001
    assert np.abs(np.histogram(factors, bins=4)[0] - 1000).max() < 120


def test_some_clips_stay_as_they_are():
    """As often as the settings say, and bit for bit."""
    clips = CLIPS[:1].expand(2000, 9, 16)
    is_same = (warped(clips=clips, warp=0.25) == clips).all(dim=(1, 2))
    assert 0.7 < is_same.float().mean() < 0.8


def test_padding_stays_zero_and_draws_are_repeatable():
    """The same seed warps alike, another otherwise; without warping nothing is drawn."""
    padded = CLIPS.clone()
    padded[:, 5:] = 0
    assert (warped(clips=padded)[:, 5:] == 0).all()
    assert torch.equal(warped(seed=1), warped(seed=1))
    assert not torch.equal(warped(seed=1), warped(seed=2))
    generator = torch.Generator().manual_seed(0)
    state = generator.get_state()
    assert warp_clips(CLIPS, Augmentation(), generator) is CLIPS
    assert torch.equal(generator.get_state(), state)
