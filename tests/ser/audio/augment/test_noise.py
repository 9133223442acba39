"""Noise has its colour, its level and its ratio."""

import pytest
import torch
import torchaudio

from ser.audio.augment.noise import NoiseBank, add_noise, make_noise
from ser.errors import ConfigurationError


def generator(seed=0):
    """Return a seeded generator."""
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("colour", "slope_db"), [("white", 0.0), ("pink", -3.01)])
def test_noise_has_its_colour(colour, slope_db):
    """Power per Hz falls by 0 or 3 dB an octave; each octave holds over 1,000 bins."""
    noise = make_noise(colour, 160_000, 16000, generator())
    power = torch.fft.rfft(noise).abs().square()
    octaves = [power[1000 * 2**k : 2000 * 2**k].mean() for k in range(6)]
    steps = 10 * torch.log10(torch.stack(octaves[1:]) / torch.stack(octaves[:-1]))
    torch.testing.assert_close(steps, torch.full((5,), slope_db), atol=0.5, rtol=0)
    assert noise.square().mean() == pytest.approx(1, abs=1e-4)


def test_the_ratio_is_that_of_torchaudio():
    """Over the true samples of each clip, padding left alone."""
    sound, noise = torch.randn(3, 500, generator=generator()), torch.randn(3, 500)
    lengths, snr_db = torch.tensor([500, 300, 10]), torch.tensor([20.0, 0.0, -5.0])
    is_real = torch.arange(500) < lengths[:, None]
    sound *= is_real
    # torchaudio lets noise run on behind the end.
    expected = torchaudio.functional.add_noise(sound, noise, snr_db, lengths) * is_real
    torch.testing.assert_close(add_noise(sound, lengths, noise, snr_db), expected)


def test_no_noise_and_no_sound_stay_as_they_are():
    """An infinite ratio adds nothing, and silence has no ratio to anything."""
    sound = torch.stack([torch.ones(50), torch.zeros(50)])
    same = add_noise(
        sound, torch.tensor([50, 50]), torch.ones(2, 50), torch.tensor([torch.inf, 3.0])
    )
    assert torch.equal(same, sound)


def test_a_bank_gives_every_noise_its_turn():
    """Each noise is as probable as the others, whatever their lengths, and none runs out."""
    bank = NoiseBank.join([torch.zeros(7, 2), torch.ones(1000, 2)])
    parts = bank.take(torch.rand(400, generator=generator()), 30)
    assert parts.shape == (400, 30, 2)
    assert abs(float(parts.mean()) - 0.5) < 0.13
    assert ((parts == parts[:, :1]).all(dim=(1, 2))).all()


@pytest.mark.parametrize("noises", [[], [torch.zeros(0)]], ids=["none", "empty"])
def test_a_bank_without_noise_is_refused(noises):
    """There must be something to take."""
    with pytest.raises(ConfigurationError, match="`noises` must hold at least one noise"):
        NoiseBank.join(noises)
