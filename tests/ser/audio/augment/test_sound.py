"""Waveforms get what was drawn for them, and only that."""

import pytest
import torch

from ser.audio.augment.channel import band_limit, mu_law
from ser.audio.augment.noise import NoiseBank, make_noise
from ser.audio.augment.record import Augmentation, draw_effects
from ser.audio.augment.sound import augment_waveforms
from ser.errors import ConfigurationError

BANK = NoiseBank.join([make_noise("white", 8000, 16000, torch.Generator().manual_seed(9))])
LENGTHS = torch.tensor([4000, 2500, 4000])


def make_batch():
    """Return three clips of noise, the second shorter."""
    batch = 0.1 * torch.randn(3, 4000, generator=torch.Generator().manual_seed(1))
    return batch * (torch.arange(4000) < LENGTHS[:, None])


def augment(settings, seed=0):
    """Return the batch after what is drawn, and the draw."""
    draw = draw_effects(settings, 3, torch.Generator().manual_seed(seed))
    return augment_waveforms(make_batch(), LENGTHS, draw, sample_rate=16000, noises=BANK), draw


def test_noise_has_the_ratio_drawn():
    """Over the true samples of each clip."""
    changed, draw = augment(Augmentation(noise=1.0))
    noise = (changed - make_batch()).square().sum(dim=1)
    ratio = 10 * torch.log10(make_batch().square().sum(dim=1) / noise)
    torch.testing.assert_close(ratio, draw.snr_db, atol=1e-3, rtol=0)


def test_gain_band_and_codec_are_those_drawn():
    """Each effect alone equals the function that does it."""
    gained, draw = augment(Augmentation(gain=1.0))
    torch.testing.assert_close(gained, make_batch() * 10 ** (draw.gain_db / 20)[:, None])
    limited, draw = augment(Augmentation(telephone=1.0))
    expected = band_limit(make_batch(), 16000, draw.low_hz, draw.high_hz)
    is_real = torch.arange(4000) < LENGTHS[:, None]
    torch.testing.assert_close(limited, expected * is_real)
    coded, _ = augment(Augmentation(mu_law=1.0))
    torch.testing.assert_close(coded * is_real, mu_law(make_batch()) * is_real)


def test_clips_without_an_effect_keep_every_bit():
    """With all effects at one half, some clip of some seed is spared."""
    settings = Augmentation(noise=0.5, telephone=0.5, gain=0.5, mu_law=0.5)
    spared = 0
    for seed in range(20):
        changed, draw = augment(settings, seed)
        is_equal = (changed == make_batch()).all(dim=1)
        assert torch.equal(is_equal, ~draw.is_changed)
        spared += int(is_equal.sum())
    assert spared


def test_padding_stays_silent():
    """Neither noise nor ringing lies behind the end of a clip."""
    changed, _ = augment(Augmentation(noise=1.0, telephone=1.0, gain=1.0, mu_law=1.0))
    assert not changed[1, 2500:].any()


def test_the_same_draw_gives_the_same_sound():
    """Nothing is drawn but by the generator."""
    settings = Augmentation(noise=1.0, low_pass=1.0, mu_law=1.0)
    assert torch.equal(augment(settings)[0], augment(settings)[0])


def test_shapes_that_do_not_fit_are_refused():
    """One draw per clip."""
    draw = draw_effects(Augmentation(), 2, torch.Generator())
    with pytest.raises(ConfigurationError, match=r"got \(3, 4000\), \(3,\) and \(2,\)"):
        augment_waveforms(make_batch(), LENGTHS, draw, sample_rate=16000, noises=BANK)
