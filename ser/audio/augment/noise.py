"""Noise: made or given, taken in parts and added at a signal-to-noise ratio."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ser.audio.augment.record import Colour
from ser.errors import ConfigurationError

LOWEST_PINK_HZ = 20.0  # pink noise has the more power the lower it reaches; nobody hears below


def make_noise(
    colour: Colour, samples: int, sample_rate: int, generator: torch.Generator
) -> Tensor:
    """Return Gaussian noise with a mean square of 1.

    Args:
        colour: `white` has equal power per Hz, `pink` equal power per octave above 20 Hz.
        samples: S, at least 1.
        sample_rate: Hz.
        generator: Source of randomness.

    Returns:
        float32 ``(S,)``.

    Example:
        >>> noise = make_noise("pink", 16000, 16000, torch.Generator().manual_seed(0))
        >>> round(float(noise.square().mean()), 3)
        1.0
    """
    noise = torch.randn(samples, generator=generator)
    if colour == "pink":
        spectrum = torch.fft.rfft(noise)
        hertz = torch.linspace(0, sample_rate / 2, len(spectrum))
        spectrum *= torch.where(hertz < LOWEST_PINK_HZ, 0.0, hertz.clamp(min=1).rsqrt())
        noise = torch.fft.irfft(spectrum, n=samples)
    return noise / noise.square().mean().sqrt().clamp(min=1e-12)


@dataclass(frozen=True, eq=False)
class NoiseBank:
    """Several noises in one tensor, from which clips take their parts.

    Args:
        values: The noises end to end, ``(M,)`` samples or ``(M, D)`` frames.
        starts: Where each noise begins, ``(K,)``.
        sizes: How long each is, ``(K,)``.
    """

    values: Tensor
    starts: Tensor
    sizes: Tensor

    @classmethod
    def join(cls, noises: Sequence[Tensor]) -> "NoiseBank":
        """Make a bank of noises.

        Args:
            noises: At least one, each with a sample or frame, all of one kind.

        Raises:
            ConfigurationError: If there is none, or one is empty.
        """
        sizes = torch.tensor([len(noise) for noise in noises])
        if not len(sizes) or int(sizes.min()) == 0:
            raise ConfigurationError(
                f"`noises` must hold at least one noise, none empty, but got {sizes.tolist()}"
            )
        return cls(torch.cat(list(noises)), sizes.cumsum(0) - sizes, sizes)

    def take(self, share: Tensor, size: int) -> Tensor:
        """Return a part of a noise for each clip; a noise that ends begins again.

        Args:
            share: Chooses noise and place, each noise being equally probable, in [0, 1), ``(B,)``.
            size: Samples or frames wanted.

        Returns:
            ``(B, size)`` or ``(B, size, D)``.

        Example:
            >>> bank = NoiseBank.join([torch.tensor([1.0, 2.0]), torch.tensor([5.0])])
            >>> bank.take(torch.tensor([0.25, 0.9]), 3).tolist()
            [[2.0, 1.0, 2.0], [5.0, 5.0, 5.0]]
        """
        scaled = share.double() * len(self.sizes)
        chosen = scaled.long()
        sizes = self.sizes[chosen, None]
        first = ((scaled - chosen)[:, None] * sizes).long()
        return self.values[self.starts[chosen, None] + (first + torch.arange(size)) % sizes]


def add_noise(waveforms: Tensor, lengths: Tensor, noise: Tensor, snr_db: Tensor) -> Tensor:
    """Return waveforms with noise at the given ratio of mean squares.

    Args:
        waveforms: ``(B, S)``, padded at the end.
        lengths: True samples of each clip, ``(B,)``.
        noise: ``(B, S)``, any level.
        snr_db: Signal-to-noise ratio over the true samples, dB, ``(B,)``; infinite adds none.

    Returns:
        ``(B, S)``; padding is untouched. A clip of zeros stays as it is.

    Example:
        >>> tone, noise = torch.ones(1, 4), torch.tensor([[2.0, -2.0, 2.0, -2.0]])
        >>> add_noise(tone, torch.tensor([4]), noise, torch.tensor([20.0])).tolist()
        [[1.100000023841858, 0.8999999761581421, 1.100000023841858, 0.8999999761581421]]
    """
    is_real = torch.arange(waveforms.shape[1]) < lengths[:, None]
    signal = (waveforms * is_real).square().sum(dim=1)
    power = (noise * is_real).square().sum(dim=1).clamp(min=1e-12)
    scale = (signal / power).sqrt() * 10 ** (-snr_db / 20)
    return waveforms + noise * is_real * scale[:, None]
