"""The spectrogram as layers equals the one that training read."""

import numpy as np
import pytest
import torch

from ser.export.log_mel import LogMelLayers
from ser.export.runtime import pad_clips
from ser.features.spectral import LogMel

SETTINGS = {
    "default": LogMel(),
    "10 ms": LogMel(hop=160),
    "no whole hops": LogMel(n_fft=400, hop=150, bands=24),
    "one hop": LogMel(n_fft=256, hop=256, bands=20, f_min=100.0),
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_frames_are_those_of_training(settings):
    """Clips of random lengths, and of a single sample, agree to 1e-3 nepers side by side."""
    rng = np.random.default_rng(0)
    lengths = [1, settings.hop - 1, settings.hop, settings.n_fft, *rng.integers(1, 20000, 12)]
    clips = [rng.normal(size=length).astype(np.float32).clip(-1, 1) * 0.3 for length in lengths]
    expected = settings.compute(clips)
    batch, samples = map(torch.from_numpy, pad_clips(clips))
    features, frames = LogMelLayers(settings)(batch, samples)
    assert frames.tolist() == expected.lengths.tolist()
    assert features.shape[1] == max(frames)
    for found, clip in zip(features.numpy(), expected, strict=True):
        np.testing.assert_allclose(found[: len(clip)], clip, atol=1e-3)


def test_what_lies_on_padding_is_not_heard():
    """Noise after the end of a clip reaches none of its frames."""
    layers = LogMelLayers(LogMel())
    clip = torch.linspace(-0.5, 0.5, 3000)
    quiet, noisy = torch.zeros(1, 8000), torch.ones(1, 8000)
    quiet[0, :3000] = noisy[0, :3000] = clip
    lengths = torch.tensor([3000])
    assert torch.equal(layers(quiet, lengths)[0], layers(noisy, lengths)[0])


def test_silence_is_the_floor():
    """Frames of silence appended to a batch are what silence gives."""
    features, frames = LogMelLayers(LogMel(), frames_beyond=7)(
        torch.zeros(2, 300), torch.ones(2).long()
    )
    assert features.shape == (2, 9, 64)
    assert frames.tolist() == [1, 1]
    torch.testing.assert_close(features, torch.full_like(features, np.log(1e-6)))
