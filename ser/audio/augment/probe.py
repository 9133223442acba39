"""Clips under a condition chosen beforehand, to see what a model makes of it; nothing is drawn."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from ser.audio.augment.noise import add_noise, make_noise
from ser.audio.pcm import Waveform, from_pcm16, to_pcm16
from ser.errors import ConfigurationError


def with_noise(
    waveforms: Sequence[Waveform], seeds: Sequence[int], *, snr_db: float, sample_rate: int
) -> list[npt.NDArray[np.int16]]:
    """Return waveforms with pink noise at a signal-to-noise ratio, as 16-bit samples.

    Args:
        waveforms: Mono ``(S,)`` arrays, float32 in [−1, 1] or int16, S ≥ 1.
        seeds: One per clip, so that its noise depends on nothing but itself.
        snr_db: Ratio of mean squares over the clip, dB.
        sample_rate: Hz.

    Returns:
        Arrays of the same lengths; a clip of zeros stays as it is.

    Raises:
        ConfigurationError: If there is not one seed per clip.

    Example:
        >>> tone = np.full(1600, 0.1, np.float32)
        >>> (noisy,) = with_noise([tone], [7], snr_db=20.0, sample_rate=16000)
        >>> error = noisy / 32768 - tone
        >>> round(float(10 * np.log10((tone**2).mean() / (error**2).mean())), 1)
        20.0
    """
    if len(waveforms) != len(seeds):
        raise ConfigurationError(
            f"`seeds` must be one per clip, but are {len(seeds)} for {len(waveforms)} clips"
        )
    found = []
    for waveform, seed in zip(waveforms, seeds, strict=True):
        sound = torch.from_numpy(from_pcm16(waveform).copy())[None]
        generator = torch.Generator().manual_seed(seed)
        noise = make_noise("pink", sound.shape[1], sample_rate, generator)[None]
        noisy = add_noise(sound, torch.tensor([sound.shape[1]]), noise, torch.tensor([snr_db]))
        found.append(to_pcm16(noisy[0].numpy()))
    return found


def with_gain(waveforms: Sequence[Waveform], *, gain_db: float) -> list[npt.NDArray[np.int16]]:
    """Return waveforms at another level, as 16-bit samples: what is too loud is clipped.

    Args:
        waveforms: Mono ``(S,)`` arrays, float32 in [−1, 1] or int16.
        gain_db: Change of level, dB.

    Example:
        >>> with_gain([np.array([0.05, 0.5, -0.5], np.float32)], gain_db=20.0)[0].tolist()
        [16384, 32767, -32768]
    """
    factor = np.float32(10 ** (gain_db / 20))
    return [to_pcm16(from_pcm16(waveform) * factor) for waveform in waveforms]
