"""Effects on log-mel features are those on the waveforms, within the stated approximations."""

import numpy as np
import pytest
import torch

from ser.audio.augment.log_mel import LogMelAugmenter
from ser.audio.augment.noise import NoiseBank, make_noise
from ser.audio.augment.record import Augmentation, draw_effects
from ser.audio.augment.sound import augment_waveforms
from ser.features.spectral import LogMel

LOG_MEL = LogMel()
DECIBELS = 10 / np.log(10)
CLIPS, SAMPLES = 6, 32_000


def generator(seed=0):
    """Return a seeded generator."""
    return torch.Generator().manual_seed(seed)


def speech_like():
    """Return clips of pink noise whose level swings by 40 dB four times a second."""
    pink = torch.stack(
        [make_noise("pink", SAMPLES, 16000, generator(seed)) for seed in range(CLIPS)]
    )
    swing_db = -20 + 20 * torch.sin(2 * torch.pi * 4 * torch.arange(SAMPLES) / 16000)
    return 0.1 * pink * 10 ** (swing_db / 20)


def features_of(waveforms):
    """Return the log-mel features of a batch, ``(B, F, D)``."""
    return torch.from_numpy(np.stack(list(LOG_MEL.compute(list(waveforms.numpy())))))


def both_ways(settings):
    """Return features varied directly, and features of waveforms varied alike."""
    sound = speech_like()
    draw = draw_effects(settings, CLIPS, generator())
    noises = [make_noise(colour, 160_000, 16000, generator(7)) for colour in settings.colours]
    features = features_of(sound)
    direct = LogMelAugmenter(LOG_MEL, settings).apply(
        features, torch.full((CLIPS,), features.shape[1]), draw
    )
    through = augment_waveforms(
        sound,
        torch.full((CLIPS,), SAMPLES),
        draw,
        sample_rate=16000,
        noises=NoiseBank.join(noises),
    )
    # The frames at the ends hold edges that the draws cut differently.
    return direct[:, 1:-1], features_of(through)[:, 1:-1]


FAITHFUL = {
    "gain": Augmentation(gain=1.0),
    "white": Augmentation(noise=1.0, colours=("white",)),
    "pink": Augmentation(noise=1.0, colours=("pink",)),
    "low-pass": Augmentation(low_pass=1.0),
    "codec": Augmentation(mu_law=1.0),
    "noise and gain": Augmentation(noise=1.0, gain=1.0, colours=("pink",)),
}


@pytest.mark.parametrize("settings", FAITHFUL.values(), ids=FAITHFUL)
def test_no_band_is_louder_or_quieter_than_through_the_waveform(settings):
    """Mean power per band, over all clips and frames, agrees within 1 dB, on average 0.25 dB."""
    direct, through = both_ways(settings)
    bias = DECIBELS * (direct.exp().mean(dim=(0, 1)).log() - through.exp().mean(dim=(0, 1)).log())
    assert bias.abs().max() < 1.0
    assert bias.mean().abs() < 0.25


def test_frames_differ_no_more_than_those_of_two_noises():
    """Leaving out the product of signal and noise is another draw of noise, not a worse one."""
    settings = Augmentation(noise=1.0, snr_db=(10.0, 10.0), colours=("white",))
    direct, through = both_ways(settings)
    sound, lengths = speech_like(), torch.full((CLIPS,), SAMPLES)
    bank = NoiseBank.join([make_noise("white", 160_000, 16000, generator(8))])
    other = augment_waveforms(
        sound, lengths, draw_effects(settings, CLIPS, generator(3)), sample_rate=16000, noises=bank
    )
    own = (direct - through).square().mean().sqrt()
    two_noises = (features_of(other)[:, 1:-1] - through).square().mean().sqrt()
    assert own < 1.05 * two_noises


def test_a_telephone_leaves_its_band_and_takes_the_rest():
    """Inside 400 – 3000 Hz within half a decibel; outside at least 20 dB are gone either way."""
    settings = Augmentation(telephone=1.0)
    direct, through = (DECIBELS * f.exp().mean(dim=(0, 1)).log() for f in both_ways(settings))
    plain = DECIBELS * features_of(speech_like()).exp().mean(dim=(0, 1)).log()
    centres = torch.from_numpy(LOG_MEL.filters.argmax(axis=0)) * 16000 / 512
    inside = (centres > 400) & (centres < 3000)
    outside = centres > 5500
    assert (direct - through)[inside].abs().max() < 0.5
    assert (plain - direct)[outside].min() > 20
    assert (plain - through)[outside].min() > 20


def test_noise_recordings_take_the_place_of_colours():
    """A hum as noise shows in its band alone."""
    hum = np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16000).astype(np.float32)
    augment = LogMelAugmenter(LOG_MEL, Augmentation(noise=1.0), [hum])
    features = torch.full((1, 20, 64), -4.0)
    risen = (augment(features, torch.tensor([20]), generator()) - features).mean(dim=(0, 1))
    centres = LOG_MEL.filters.argmax(axis=0) * 16000 / 512
    assert abs(centres[int(risen.argmax())] - 1000) < 40
    assert (risen > 0.1).sum() < 8


def test_untouched_clips_keep_every_bit_and_draws_repeat():
    """The generator decides alone; what it spares is not even rounded."""
    settings = Augmentation(noise=0.2, telephone=0.2, gain=0.2, mu_law=0.2)
    augment = LogMelAugmenter(LOG_MEL, settings)
    features, lengths = features_of(speech_like()), torch.full((CLIPS,), 126)
    draw = draw_effects(settings, CLIPS, generator(5))
    first = augment(features, lengths, generator(5))
    assert torch.equal(first, augment(features, lengths, generator(5)))
    assert torch.equal((first == features).flatten(1).all(dim=1), ~draw.is_changed)
    assert 0 < int(draw.is_changed.sum()) < CLIPS


def test_the_ratio_ignores_padding():
    """A clip gets the same level of noise however much padding stands behind it."""
    augment = LogMelAugmenter(LOG_MEL, Augmentation(noise=1.0, colours=("white",)))
    short = features_of(speech_like())[:1]
    padded = torch.cat([short, torch.full((1, 200, 64), 5.0)], dim=1)
    lengths = torch.tensor([short.shape[1]])
    alone = augment(short, lengths, generator())
    torch.testing.assert_close(augment(padded, lengths, generator())[:, :126], alone)
