"""Channels cut bands as they say and code as the standard does."""

import pytest
import torch

from ser.audio.augment.channel import band_limit, mu_law, mu_law_noise, power_response

RATE = 16000
NO_BAND = torch.tensor([0.0]), torch.tensor([torch.inf])


def tone(hertz, amplitude=0.5):
    """Return a second of a sine, ``(1, S)``."""
    return amplitude * torch.sin(2 * torch.pi * hertz * torch.arange(RATE) / RATE)[None]


@pytest.mark.parametrize(
    ("hertz", "left_db"), [(100, -76), (300, -3), (1000, 0), (3400, -3), (6800, -48)]
)
def test_a_telephone_passes_its_band(hertz, left_db):
    """A tone outside loses what eighth-order slopes take, one inside nothing."""
    limited = band_limit(tone(hertz), RATE, torch.tensor([300.0]), torch.tensor([3400.0]))
    inner = slice(2000, -2000)
    ratio = limited[:, inner].square().mean() / tone(hertz)[:, inner].square().mean()
    assert float(10 * torch.log10(ratio)) == pytest.approx(left_db, abs=0.5)


def test_no_band_limit_changes_nothing():
    """Edges of 0 and infinity pass all there is."""
    torch.testing.assert_close(band_limit(tone(440), RATE, *NO_BAND), tone(440), atol=1e-6, rtol=0)
    assert torch.equal(power_response(torch.tensor([0.0, 8000.0]), *NO_BAND), torch.ones(1, 2))


def test_clips_of_a_batch_have_bands_of_their_own():
    """Each row is filtered by its own edges."""
    batch, low = torch.cat([tone(2000), tone(2000)]), torch.zeros(2)
    limited = band_limit(batch, RATE, low, torch.tensor([1000.0, 4000.0]))
    assert limited[0, 2000:-2000].abs().max() < 0.01
    assert limited[1, 2000:-2000].abs().max() > 0.49


def test_the_end_does_not_ring_into_the_start():
    """The filter is no circle: a click at the end leaves the start silent."""
    click = torch.zeros(1, RATE)
    click[0, -1] = 1.0
    limited = band_limit(click, RATE, torch.tensor([300.0]), torch.tensor([3400.0]))
    assert limited[0, :1000].abs().max() < 1e-5


@pytest.mark.parametrize("level_dbfs", [-60, -40, -20])
def test_the_codec_is_as_noisy_as_predicted(level_dbfs):
    """Gaussian sound at any level: the error is within half a decibel of the formula."""
    sound = torch.randn(1, 100_000, generator=torch.Generator().manual_seed(0))
    sound *= 10 ** (level_dbfs / 20)
    error = (mu_law(sound) - sound).square().mean()
    predicted = mu_law_noise(sound.square().mean())
    assert float(10 * torch.log10(error / predicted)) == pytest.approx(0, abs=0.5)


def test_the_codec_clips_what_is_too_loud():
    """Beyond full scale there is no code."""
    assert mu_law(torch.tensor([[3.0, -3.0]])).tolist() == [[1.0, -1.0]]
