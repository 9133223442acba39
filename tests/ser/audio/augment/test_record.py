"""The record says what may happen, and draws are as it says."""

from dataclasses import asdict

import pytest
import torch

from ser.audio.augment.record import Augmentation, draw_effects
from ser.errors import ConfigurationError

EVERYTHING = Augmentation(noise=0.3, telephone=0.2, low_pass=0.4, gain=0.5, mu_law=0.6)


def draw(settings, clips=4000, seed=0):
    """Return draws for many clips."""
    return draw_effects(settings, clips, torch.Generator().manual_seed(seed))


def test_by_default_nothing_but_speed_copies():
    """What a training did before there was a record is what it does without one."""
    assert Augmentation().speed_factors == (0.9, 1.1)
    assert not Augmentation().changes_sound
    assert Augmentation().masks == 0
    assert not draw(Augmentation()).is_changed.any()


def test_effects_are_as_frequent_as_asked():
    """Shares of 4,000 clips lie within 5 σ = 0.04 of the probabilities."""
    found = draw(EVERYTHING)
    shares = {
        "noise": found.snr_db.isfinite(),
        "telephone": found.low_hz > 0,
        "gain": found.gain_db != 0,
        "mu_law": found.mu_law,
    }
    for name, happens in shares.items():
        assert abs(float(happens.float().mean()) - getattr(EVERYTHING, name)) < 0.04


def test_amounts_fill_their_ranges():
    """Ratios, cut-offs and gains lie inside their ranges and reach both ends."""
    found = draw(Augmentation(noise=1.0, low_pass=1.0, gain=1.0))
    for values, (low, high) in (
        (found.snr_db, (5, 25)),
        (found.high_hz, (2000, 7000)),
        (found.gain_db, (-10, 6)),
    ):
        assert low <= values.min() < low + (high - low) / 100
        assert high - (high - low) / 100 < values.max() <= high


def test_a_telephone_never_passes_more_than_its_band():
    """With a low-pass as well, the lower edge of the two counts."""
    found = draw(Augmentation(telephone=1.0, low_pass=1.0))
    assert found.high_hz.max() <= 3400
    assert found.high_hz.min() < 2100


def test_the_same_seed_draws_the_same():
    """Draws are a function of settings, clips and generator."""
    first, again, other = draw(EVERYTHING), draw(EVERYTHING), draw(EVERYTHING, seed=1)
    for name in ("snr_db", "noise", "low_hz", "high_hz", "gain_db", "mu_law"):
        assert torch.equal(getattr(first, name), getattr(again, name))
    assert not torch.equal(first.gain_db, other.gain_db)


def test_every_draw_takes_the_same_from_the_generator():
    """Turning one effect off leaves the draws of the others as they are."""
    without = Augmentation(**{**asdict(EVERYTHING), "noise": 0.0})
    assert torch.equal(draw(EVERYTHING).gain_db, draw(without).gain_db)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"noise": 1.1}, r"`noise` must lie in 0 … 1, but got 1\.1"),
        ({"masked_band_share": -0.1}, "`masked_band_share`"),
        ({"snr_db": (20.0, 5.0)}, r"`snr_db` must be \(lowest, highest\), but got \(20\.0, 5\.0\)"),
        ({"low_pass_hz": (0.0, 5.0)}, "`low_pass_hz` must be > 0"),
        ({"warp": 2.0}, r"`warp` must lie in 0 … 1"),
        ({"warp_factors": (0.0, 1.1)}, "`warp_factors` must be > 0"),
        ({"speed_factors": (0.4,)}, r"`speed_factors` must lie in 0\.5 … 2"),
        ({"colours": ()}, "`colours` must name `white`, `pink` or both"),
        ({"colours": ("brown",)}, "`colours`"),
    ],
)
def test_what_cannot_be_drawn_is_refused(wrong, message):
    """The message names the parameter."""
    with pytest.raises(ConfigurationError, match=message):
        Augmentation(**wrong)
